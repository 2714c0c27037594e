// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import Spec

@Suite struct NetworkNamesTests {
    /// Text, and its canonical form; nil where it is no address.
    static let addresses: [(text: String, canonical: String?)] = [
        ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
        ("256.1.1.1", nil), ("1.2.3", nil), ("1.2.3.4.5", nil), ("01.2.3.4", nil), ("1.2.3.04", nil),
        ("1.2.3.", nil), (".1.2.3", nil), ("1..2.3", nil), ("1.2.3.4 ", nil), ("0x1.2.3.4", nil), ("", nil),
        ("1.2.3.٤", nil), ("1.2.3.4/24", nil), ("+1.2.3.4", nil), ("1000.2.3.4", nil),
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("0:0:0:0:0:0:0:0", "::"), ("0:0:0:0:0:0:0:1", "::1"),
        // RFC 5952, sections 1, 2 and 4.
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8::1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:0db8::1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:0:1::1", "2001:db8::1:0:0:1"),
        ("2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"), ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:aaaa:bbbb:cccc:dddd::1", "2001:db8:aaaa:bbbb:cccc:dddd:0:1"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("::FFFF:c000:201", "::ffff:192.0.2.1"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
        (":", nil), (":::", nil), ("1::2::3", nil), (":1::2", nil), ("1:", nil), (":1", nil), ("1::2:", nil),
        ("1:2:3:4:5:6:7", nil), ("1:2:3:4:5:6:7:8:9", nil), ("1:2:3:4::5:6:7:8", nil), ("12345::", nil),
        ("g::", nil), ("::1%eth0", nil), ("[::1]", nil), ("::1/64", nil), ("1.2.3.4::", nil),
        ("::1.2.3.4:5", nil), ("::1.2.3", nil), ("::1.2.3.04", nil), ("1:2:3:4:5:6:7:1.2.3.4", nil),
        ("::+1", nil), ("::-1", nil), ("::１", nil),
    ]

    @Test(arguments: addresses) func readsAddresses(_ text: String, _ canonical: String?) {
        let address = IPAddress.parse(text)
        #expect(address?.description == canonical)
        #expect((IPAddress(text) != nil) == (canonical == text))
        // The C library is another reader of the same forms.
        var bytes = [UInt8](repeating: 0, count: 16)
        let isIPv6 = text.contains(":")
        let accepted = inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &bytes) == 1
        #expect(accepted == (address != nil))
        if let address { #expect(address.bytes == Array(bytes.prefix(isIPv6 ? 16 : 4))) }
    }

    @Test func canonicalFormsRoundTrip() {
        var random = SeededGenerator(seed: 5952)
        for _ in 0..<2000 {
            // Many zero groups, so that every shape of `::` occurs.
            let groups = (0..<8).map { _ in
                Bool.random(using: &random) ? 0 : UInt16.random(in: 0...0xffff, using: &random)
            }
            let text = groups.map { String($0, radix: 16) }.joined(separator: ":")
            guard let address = IPAddress.parse(text) else {
                Issue.record("\(text) was refused")
                continue
            }
            #expect(IPAddress(address.description) == address)
            var (bytes, buffer) = (address.bytes, [CChar](repeating: 0, count: 64))
            inet_ntop(AF_INET6, &bytes, &buffer, 64)
            let shown = String(
                decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            // inet_ntop writes the obsolete IPv4-compatible form; RFC 5952 does not ask for it.
            if !shown.contains(".") { #expect(address.description == shown) }
        }
    }

    static let names: [(text: String, defect: DNSName.Defect?)] = [
        ("kubernetes", nil), ("a.b-c.d1", nil), ("xn--fiqs8s.example", nil), ("1.example", nil),
        ("3com", nil),
        (String(repeating: "a", count: 63), nil), ("", .empty), ("*.example.org", .wildcard),
        ("北京.example", .notASCII), ("Kubernetes", .upperCase), ("kubernetes.", .trailingDot),
        (".", .emptyLabel),
        ("a..b", .emptyLabel), (".a", .emptyLabel), ("a..", .emptyLabel), ("-a", .hyphenAtEdge("-a")),
        ("a-.b", .hyphenAtEdge("a-")), ("a_b", .character("_")), ("a b", .character(" ")),
        ("https://a", .character(":")), ("a\0b", .character("\0")), ("1.2.3.4", .numeric), ("a.1", .numeric),
        (String(repeating: "a", count: 64), .labelTooLong(String(repeating: "a", count: 64))),
        (String(repeating: "a.", count: 126) + "ab", .tooLong(254)),
        (String(repeating: "a.", count: 126) + "a", nil),
        ("\u{212a}ubernetes", .notASCII),
    ]

    @Test(arguments: names) func namesTheDefect(_ text: String, _ defect: DNSName.Defect?) {
        #expect(DNSName.defect(in: text) == defect)
        #expect((DNSName(text) != nil) == (defect == nil))
    }
}
