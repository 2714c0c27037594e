// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Planning

/// Go's rules for a proxy, one row each.
@Suite struct ProxyEnvironmentTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let noProxy: String
        let host: String
        var port = 443
        let isExcepted: Bool
        var testDescription: String { "NO_PROXY=\(noProxy) \(host):\(port)" }
    }

    static let rows: [Row] = [
        Row(noProxy: "", host: "10.254.0.1", isExcepted: false),
        Row(noProxy: "*", host: "10.254.0.1", isExcepted: true),
        Row(noProxy: "example.com, *", host: "10.254.0.1", isExcepted: true),
        Row(noProxy: "10.254.0.1", host: "10.254.0.1", isExcepted: true),
        Row(noProxy: " 10.254.0.1 ", host: "10.254.0.1", isExcepted: true),
        Row(noProxy: "10.254.0.10", host: "10.254.0.1", isExcepted: false),
        Row(noProxy: "10.254.0.1:443", host: "10.254.0.1", isExcepted: true),
        Row(noProxy: "10.254.0.1:443", host: "10.254.0.1", port: 8443, isExcepted: false),
        Row(noProxy: "192.168.0.0/16,10.254.0.0/16", host: "10.254.200.7", isExcepted: true),
        Row(noProxy: "10.254.0.0/16", host: "10.255.0.1", isExcepted: false),
        Row(noProxy: "10.254.7.9/16", host: "10.254.200.7", isExcepted: true),
        Row(noProxy: "10.254.0.0/33", host: "10.254.0.1", isExcepted: false),
        Row(noProxy: "::ffff:10.254.0.0/112", host: "10.254.0.1", isExcepted: true),
        Row(noProxy: "::ffff:10.254.0.1", host: "10.254.0.1", isExcepted: true),
        // What many write, and what excepts nothing.
        Row(noProxy: "10.254.*", host: "10.254.0.1", isExcepted: false),
        Row(noProxy: "10.254.", host: "10.254.0.1", isExcepted: false),
        Row(noProxy: "192.0.2.1 10.254.0.1", host: "10.254.0.1", isExcepted: false),
        Row(noProxy: "fd00::/64", host: "fd00::7", isExcepted: true),
        Row(noProxy: "fd00::/64", host: "fd00:0:0:1::7", isExcepted: false),
        Row(noProxy: "fd00:0:0::7", host: "fd00::7", isExcepted: true),
        Row(noProxy: "[fd00::7]:8443", host: "fd00::7", port: 8443, isExcepted: true),
        Row(noProxy: "[fd00::7]:8443", host: "fd00::7", isExcepted: false),
        Row(noProxy: "[fd00::7]", host: "fd00::7", isExcepted: false),
        Row(noProxy: "", host: "127.0.0.9", isExcepted: true),
        Row(noProxy: "", host: "::1", isExcepted: true),
        Row(noProxy: "", host: "localhost", isExcepted: true),
        Row(noProxy: "example.com", host: "example.com", isExcepted: true),
        Row(noProxy: "Example.COM", host: "api.EXAMPLE.com", isExcepted: true),
        Row(noProxy: "example.com", host: "badexample.com", isExcepted: false),
        Row(noProxy: ".example.com", host: "api.example.com", isExcepted: true),
        Row(noProxy: ".example.com", host: "example.com", isExcepted: false),
        Row(noProxy: "*.example.com", host: "api.example.com", isExcepted: true),
        Row(noProxy: "*.example.com", host: "example.com", isExcepted: false),
        Row(noProxy: "example.com:8443", host: "example.com", isExcepted: false),
        Row(noProxy: "example.com:8443", host: "example.com", port: 8443, isExcepted: true),
        Row(noProxy: ":443", host: "10.254.0.1", isExcepted: false),
    ]

    @Test(arguments: rows) func exceptsWhatGoExcepts(_ row: Row) {
        let environment = ProxyEnvironment {
            ["HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": row.noProxy][$0]
        }
        #expect(environment.excepts(host: row.host, port: row.port) == row.isExcepted)
    }

    @Test(arguments: [
        ("10.254.0.0/16", "10.254.0.0/16", true), ("10.0.0.0/8", "10.254.0.0/16", true),
        ("10.254.0.0/17", "10.254.0.0/16", false), ("10.254.0.0/17,10.254.128.0/17", "10.254.0.0/16", true),
        ("10.254.0.0/17,10.254.128.0/18,10.254.192.0/18", "10.254.0.0/16", true),
        ("10.254.0.0/17,10.254.128.0/18,10.254.193.0/18", "10.254.0.0/16", true),
        ("10.254.0.0/17,10.254.128.0/18,10.254.192.0/19", "10.254.0.0/16", false),
        ("10.254.0.0,10.254.0.1,10.254.0.2,10.254.0.3", "10.254.0.0/30", true),
        ("10.254.0.0,10.254.0.1,10.254.0.2:443,10.254.0.3", "10.254.0.0/30", false),
        ("0.0.0.0/0", "10.254.0.0/16", true), ("0.0.0.0/0", "fd00::/112", false),
        ("::/0", "fd00::/112", true),
        ("*", "fd00::/112", true), ("", "127.0.0.0/24", true),
    ])
    func exceptsAWholeRange(_ noProxy: String, _ range: String, _ isExcepted: Bool) throws {
        let environment = ProxyEnvironment { $0 == "NO_PROXY" ? noProxy : nil }
        #expect(environment.excepts(try #require(AddressRange(range))) == isExcepted)
    }

    @Test func namesTheVariablesThatCount() {
        let lower = ProxyEnvironment { ["HTTPS_PROXY": "", "https_proxy": "p:1", "no_proxy": "*"][$0] }
        #expect(lower.proxy == "https_proxy" && lower.exceptions == "no_proxy")
        let both = ProxyEnvironment {
            ["HTTPS_PROXY": "p:1", "https_proxy": "q:1", "NO_PROXY": "10.0.0.1", "no_proxy": "*"][$0]
        }
        #expect(both.proxy == "HTTPS_PROXY" && both.exceptions == "NO_PROXY")
        #expect(!both.excepts(host: "10.0.0.2", port: 443))
        let plain = ProxyEnvironment { $0 == "HTTP_PROXY" ? "p:1" : nil }
        #expect(plain.proxy == nil && plain.plainProxy == "HTTP_PROXY")
    }

    @Test func readsAProcessAndKeepsNoPassword() {
        let text =
            "PATH=/bin\0HTTPS_PROXY=http://user:s3cret@proxy:3128\0TOKEN=t0ken\0NO_PROXY=10.0.0.0/8,a=b\0EMPTY=\0X\0"
        let environment = ProxyEnvironment(environ: Array(text.utf8))
        #expect(environment.proxy == "HTTPS_PROXY" && environment.exceptions == "NO_PROXY")
        #expect(environment.excepts(host: "10.1.2.3", port: 443))
        var dumped = ""
        dump(environment, to: &dumped)
        #expect(!dumped.contains("s3cret") && !dumped.contains("t0ken"))
    }
}
