// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SystemdUnits

@Suite struct APIServerFlagsTests {
    @Test func theTutorialsFlagsComeInItsOrder() {
        let seven = [
            "--requestheader-client-ca-file=/etc/kubernetes/ssl/aggregator-ca.pem",
            "--requestheader-allowed-names=aggregator",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group", "--requestheader-username-headers=X-Remote-User",
            "--proxy-client-cert-file=/etc/kubernetes/ssl/aggregator.pem",
            "--proxy-client-key-file=/etc/kubernetes/ssl/aggregator-key.pem",
        ]
        #expect(
            APIServerFlags(spec: UnitFixtures.spec()).arguments == seven + [
                "--enable-aggregator-routing=true"
            ])
        #expect(APIServerFlags(spec: UnitFixtures.spec(routing: false)).arguments == seven)
        let names = APIServerFlags(spec: UnitFixtures.spec()).arguments.map { EffectiveFlags.name(of: $0) }
        #expect(names == APIServerFlags.names)
    }

    @Test(arguments: [
        (["aggregator"], "aggregator"), (["a", "b"], "a,b"), (["a,b", "c"], "\"a,b\",c"),
        (["say \"x\""], "\"say \"\"x\"\"\""), ([" a"], "\" a\""), (["ü, é"], "\"ü, é\""),
        (["\u{301}", "a"], "\u{301},a"),
    ])
    func listsAreWrittenAndReadAsCSV(values: [String], csv: String) {
        #expect(CommaSeparatedValues.join(values) == csv)
        #expect(CommaSeparatedValues.parse(csv) == values)
        let flags = APIServerFlags(spec: UnitFixtures.spec(allowedNames: values))
        let read = EffectiveFlags.parse(arguments: flags.arguments)
        #expect(read.list("requestheader-allowed-names") == values)
    }

    @Test(arguments: ["\"a", "a\"b", "\"a\"b", "a,\""])
    func whatIsNoCSVIsNoList(text: String) {
        #expect(CommaSeparatedValues.parse(text) == nil)
        #expect(
            EffectiveFlags.parse(arguments: ["--authorization-mode=\(text)"]).list("authorization-mode")
                == nil)
    }

    @Test func commandLinesAreReadAsTheAPIServerReadsThem() {
        let flags = EffectiveFlags.parse(arguments: [
            "--secure-port=6443", "--secure_port", "8443", "--bind-address", "10.0.0.1", "-v", "2", "word",
            "--authorization-mode=Node", "--authorization_mode=RBAC,\"a,b\"", "--anonymous-auth=F",
            "--profiling", "--enable-aggregator-routing", "false", "--cert-dir=", "--client-ca-file=a=b",
            "--requestheader-allowed-names", "--looks-like-a-flag", "--tls-cert-file", "--allow-privileged=x",
            "--",
            "--advertise-address=1.2.3.4",
        ])
        #expect(flags.string("secure-port") == "8443")
        #expect(flags.string("bind-address") == "10.0.0.1")
        #expect(flags.list("authorization-mode") == ["Node", "RBAC", "a,b"])
        #expect(flags.bool("anonymous-auth") == false)
        #expect(flags.bool("profiling") == true)
        // The flag takes no word of its own: `false` is an argument that kube-apiserver refuses.
        #expect(flags.bool("enable-aggregator-routing") == true)
        #expect(flags.string("cert-dir") == "")
        #expect(flags.string("client-ca-file") == "a=b")
        #expect(flags.list("requestheader-allowed-names") == ["--looks-like-a-flag"])
        #expect(!flags.has("looks-like-a-flag") && flags.has("tls-cert-file"))
        #expect(flags.string("tls-cert-file") == nil && flags.bool("allow-privileged") == nil)
        #expect(!flags.has("advertise-address") && flags.terminator == 20)
        #expect(flags.list("v") == nil && !flags.has("v"))
    }
}
