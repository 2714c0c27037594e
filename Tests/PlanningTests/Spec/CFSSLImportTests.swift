// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Spec
import Values

@Suite struct CFSSLImportTests {
    /// A CA, a leaf and a profile like those of the guides that people follow.
    static let config = """
        { "signing": { "profiles": { "proxy": {
          "expiry": "8760h", "usages": ["signing", "key encipherment", "client auth"] } } } }
        """
    static let ca =
        #"{ "CN": "aggregator", "key": { "algo": "ecdsa", "size": 256 }, "ca": { "expiry": "87600h" } }"#
    static let leaf = #"{ "CN": "proxy", "hosts": ["127.0.0.1"], "key": { "algo": "rsa", "size": 2048 } }"#

    private func convert(
        config: String = config, ca: String = ca, leaf: String = leaf, profile: String? = nil,
        cluster: String = "demo", nodes: [(name: String, address: String)] = [("cp1", "192.0.2.1")]
    ) throws(CFSSLImportError) -> CFSSLImport {
        func file(_ name: String, _ text: String) -> CFSSLFile {
            CFSSLFile(name: name, bytes: Array(text.utf8))
        }
        return try CFSSLImport(
            .init(
                caConfig: file("config", config), caCSR: file("ca", ca), csr: file("leaf", leaf),
                profile: profile, cluster: cluster, nodes: nodes))
    }

    /// What is wrong: problems as `file:line:column code | message | hint`, or what was asked for.
    private func refusal(_ body: () throws(CFSSLImportError) -> CFSSLImport) -> [String] {
        do {
            return ["accepted: \(try body().text)"]
        } catch {
            switch error {
            case .argument(let message, let hint): return ["\(message) | \(hint ?? "")"]
            case .files(let files, _):
                return files.flatMap { file in
                    file.problems.map {
                        "\(file.fileName):\($0.location) \($0.code.rawValue) | \($0.message) | \($0.hint ?? "")"
                    }
                }
            }
        }
    }

    /// The tutorial's files give the certificates of the tutorial's spec.
    @Test func theTutorialComesBack() throws {
        guard let folder = optionalTestData("cfssl") else {
            print("no cfssl files of the tutorial here: not tested")
            return
        }
        func read(_ name: String) throws -> String {
            try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
        }
        let made = try convert(
            config: try read("aggregator-ca-config.json"), ca: try read("aggregator-ca-csr.json"),
            leaf: try read("aggregator-csr.json"), profile: "aggregator", cluster: "shanghai",
            nodes: [
                ("master-1", "192.168.123.250"), ("master-2", "192.168.123.248"),
                ("master-3", "192.168.123.249"),
            ])
        let spec = try ClusterSpec.parse(Array(made.text.utf8), fileName: "made")
        let expected = try ClusterSpec.parse(Array(tutorialSpec.utf8), fileName: "tutorial")
        #expect(spec.certificates == expected.certificates)
        #expect(spec.requestHeader == expected.requestHeader)
        #expect(spec.cluster == expected.cluster)
        #expect(spec.nodes.map(\.name) == expected.nodes.map(\.name))
        #expect(spec.nodes.map(\.address) == expected.nodes.map(\.address))
        #expect(
            made.notes.map(\.message) == [
                "signing.default is not kept: the profile \"aggregator\" has its own expiry and usages"
            ])
    }

    @Test func everyFieldIsKept() throws {
        let made = try convert(
            ca: """
                { "CN": "root \\u4e2d \\"q\\"", "names": [{ "O": "k8s", "C": "CN" }, { "OU": "System", "L": "" }],
                  "key": { "algo": "ed25519" }, "ca": { "expiry": "175200h" } }
                """,
            leaf: """
                { "cn": "front", "hosts": ["kubernetes", "::1"], "names": [{ "ST": "x" }] }
                """)
        let spec = try ClusterSpec.parse(Array(made.text.utf8), fileName: "made")
        #expect(
            spec.certificates.ca
                == CASpec(
                    commonName: "root 中 \"q\"",
                    names: SubjectNames(country: "CN", organization: "k8s", organizationalUnit: "System"),
                    key: .ed25519, validity: ValidityPeriod(seconds: 175_200 * 3600)))
        #expect(
            spec.certificates.proxyClient
                == ProxyClientSpec(
                    commonName: "front", names: SubjectNames(state: "x"),
                    hosts: ["kubernetes", "::1"].compactMap { SubjectAlternativeName($0) },
                    usages: [.signing, .keyEncipherment, .clientAuth], key: .ecdsa(bits: 256),
                    validity: ValidityPeriod(seconds: 8760 * 3600), perNode: false))
        #expect(spec.requestHeader.allowedNames == ["front"])
        #expect(
            made.notes.map(\.description) == [
                "config:1:39: note: the profile \"proxy\" is used: it is the only one"
            ])
    }

    static let notes: [(file: String, text: String, notes: [String])] = [
        (
            "ca", #"{ "CN": "a", "ca": { "pathlen": 1, "expiry": "1h" } }"#,
            ["ca:1:22: note: ca.pathlen is not kept: the CA has pathlen:1"]
        ),
        ("ca", #"{ "CN": "a" }"#, ["ca:1:1: note: ca.expiry is absent: the CA is valid for 43800h"]),
        (
            "ca", #"{ "CN": "a", "hosts": ["x"], "ca": { "expiry": "1h" } }"#,
            ["ca:1:14: note: hosts is not kept"]
        ),
        ("leaf", #"{ "CN": "a", "serialnumber": "7" }"#, ["leaf:1:14: note: serialnumber is not kept"]),
        (
            "leaf", #"{ "CN": "a", "host": ["x"] }"#,
            [
                #"leaf:1:14: note: host is not kept: cfssl knows no such key here and ignores it; did you mean "hosts"?"#
            ]
        ),
        ("leaf", #"{ "CN": "a", "hosts": null, "ca": {} }"#, ["leaf:1:29: note: ca is not kept"]),
        (
            "leaf", #"{ "CN": "a", "hosts": ["x", "x", "m@x.org"] }"#,
            [
                #"leaf:1:29: note: hosts[1] is not kept: "x" was given at 1:24"#,
                "leaf:1:34: note: hosts[2] is not kept: an e-mail address",
            ]
        ),
        (
            "leaf", #"{ "CN": "a", "names": [{ "O": "x", "SerialNumber": "1" }, { "O": "y", "L": "z" }] }"#,
            [
                "leaf:1:36: note: names[0].SerialNumber is not kept",
                #"leaf:1:66: note: names[1].O is not kept: a subject has one O here, "x""#,
            ]
        ),
        (
            "leaf", #"{ "CN": "a", "key": { "algo": "ed25519", "size": 0 } }"#,
            ["leaf:1:50: note: key.size is not kept"]
        ),
        (
            "config",
            #"{ "signing": { "default": { "expiry": "1h", "usages": ["client auth", "any", "clent auth", "client auth"] } }, "auth_keys": {} }"#,
            [
                "config:1:112: note: auth_keys is not kept",
                #"config:1:71: note: signing.default.usages[1] is not kept: "any" is of no use"#,
                #"config:1:78: note: signing.default.usages[2] is not kept: cfssl knows no usage "clent auth" and ignores it; did you mean "client auth"?"#,
                #"config:1:92: note: signing.default.usages[3] is not kept: "client auth" is given twice"#,
            ]
        ),
        (
            "config",
            #"{ "signing": { "default": { "expiry": "1h", "usages": ["client auth"] }, "profiles": { "default": { "usages": ["client auth", "content committment"] } } } }"#,
            [
                #"config:1:99: note: the profile "default" is used"#,
                #"config:1:39: note: the profile "default" has no expiry: the default one is used"#,
            ]
        ),
        (
            "config",
            #"{ "signing": { "profiles": { "p": { "expiry": "1h", "ocsp_url": "x", "ca_constraint": { "is_ca": true }, "usages": ["client auth"] } } } }"#,
            [
                #"config:1:35: note: the profile "p" is used"#,
                "config:1:53: note: signing.profiles.p.ocsp_url is not kept",
                "config:1:70: note: signing.profiles.p.ca_constraint is not kept",
            ]
        ),
    ]

    @Test(arguments: notes) func whatIsNotKeptIsNamed(file: String, text: String, notes: [String]) throws {
        // Its one profile is found without a note.
        let quiet = #"{ "signing": { "default": { "expiry": "1h", "usages": ["client auth"] } } }"#
        let made =
            switch file {
            case "ca": try convert(config: quiet, ca: text)
            case "leaf": try convert(config: quiet, leaf: text)
            default: try convert(config: text)
            }
        let said = made.notes.map(\.description)
        #expect(said.count == notes.count, "\(said)")
        for (line, beginning) in zip(said, notes) { #expect(line.hasPrefix(beginning), "\(line)") }
    }

    @Test func withoutANode() throws {
        let made = try convert(nodes: [])
        let spec = try ClusterSpec.parse(Array(made.text.utf8), fileName: "made")
        #expect(spec.nodes == [NodeSpec(name: "cp1", local: true)])
        #expect(made.notes.last?.description.hasPrefix("note: no --node was given") == true)
    }

    static let refusals: [(file: String, text: String, said: [String])] = [
        ("ca", "", ["ca:1:1 json/empty"]), ("ca", "{,}", ["ca:1:2 json/syntax"]),
        ("ca", "[]", ["ca:1:1 spec/wrong-type"]), ("ca", "{}", [#"ca:1:1 spec/missing-key | the key "CN""#]),
        ("ca", #"{ "CN": "" }"#, ["ca:1:1 spec/missing-key"]),
        ("leaf", #"{ "CN": 1 }"#, ["leaf:1:9 spec/wrong-type"]),
        ("leaf", #"{ "CN": "a", "cn": "b" }"#, ["leaf:1:14 spec/duplicate-key"]),
        (
            "leaf", #"{ "CN": "a", "hosts": "x", "names": {}, "key": [] }"#,
            ["leaf:1:23 spec/wrong-type", "leaf:1:37 spec/wrong-type", "leaf:1:48 spec/wrong-type"]
        ),
        ("leaf", #"{ "CN": "a", "hosts": [1] }"#, ["leaf:1:24 spec/wrong-type"]),
        (
            "leaf", "{ \"CN\": \"a\",\n  \"hosts\": [\"a\", \"a\", \"B\", \"127.0.0.01\"] }",
            ["leaf:2:23 spec/host", "leaf:2:28 spec/host"]
        ),
        (
            "leaf", #"{ "CN": "a", "key": { "algo": "rsa", "size": 1024 } }"#,
            ["leaf:1:46 spec/key | an rsa key of 1024 bits is too weak"]
        ),
        ("leaf", #"{ "CN": "a", "key": { "algo": "dsa", "size": 2.5 } }"#, ["leaf:1:46 spec/wrong-type"]),
        ("leaf", #"{ "CN": "a", "key": { "algo": "dsa" } }"#, ["leaf:1:31 spec/wrong-value"]),
        (
            "ca", #"{ "CN": "\#(String(repeating: "a", count: 56))", "names": [{ "C": "CHN" }] }"#,
            ["ca:1:9 spec/subject", "ca:1:86 spec/subject"]
        ),
        ("ca", #"{ "CN": "a", "ca": { "expiry": "1.5h" } }"#, ["ca:1:32 spec/duration"]),
        ("config", "{}", [#"config:1:1 spec/missing-key | the key "signing""#]),
        ("config", #"{ "signing": {} }"#, ["config:1:14 spec/missing-key", "config:1:14 spec/missing-key"]),
        ("config", #"{ "signing": { "profiles": [] } }"#, ["config:1:28 spec/wrong-type"]),
        ("config", #"{ "signing": { "profiles": { "p": 1 } } }"#, ["config:1:35 spec/wrong-type"]),
        (
            "config", #"{ "signing": { "default": { "expiry": "1h", "usages": ["signing"] } } }"#,
            ["config:1:55 spec/client-auth-missing"]
        ),
        (
            "config", #"{ "signing": { "default": { "expiry": "1h", "usages": ["signin"] } } }"#,
            ["config:1:55 spec/count"]
        ),
        (
            "config", #"{ "signing": { "profiles": { "p": {}, "p": {} } } }"#,
            ["config:1:39 spec/duplicate-key"]
        ),
        (
            "config", #"{ "signing": { "profiles": { "p": {}, "q": {} } } }"#,
            [#"config has several profiles | name one of "p", "q" with --profile"#]
        ),
    ]

    @Test(arguments: refusals) func whatCannotStandIsRefused(file: String, text: String, said: [String]) {
        let found = refusal { () throws(CFSSLImportError) -> CFSSLImport in
            switch file {
            case "ca": try convert(ca: text)
            case "leaf": try convert(leaf: text)
            default: try convert(config: text)
            }
        }
        #expect(found.count == said.count, "\(found)")
        for (line, beginning) in zip(found, said) { #expect(line.hasPrefix(beginning), "\(line)") }
    }

    /// Problems of all files come at once.
    @Test func allFilesAtOnce() {
        let found = refusal { () throws(CFSSLImportError) -> CFSSLImport in
            try convert(config: "{}", ca: "{", leaf: #"{ "CN": 1 }"#)
        }
        #expect(found.map { $0.prefix { $0 != ":" } } == ["config", "ca", "leaf"])
    }

    @Test func argumentsAreChecked() {
        typealias Nodes = [(name: String, address: String)]
        func said(_ nodes: Nodes = [], cluster: String = "demo", profile: String? = nil) -> String {
            refusal { () throws(CFSSLImportError) -> CFSSLImport in
                try convert(profile: profile, cluster: cluster, nodes: nodes)
            }.joined()
        }
        #expect(said([("A", "192.0.2.1")]).hasPrefix("--node: \"A\" is not a node name"))
        #expect(said([("a", "0.0.0.0")]).hasPrefix("--node: \"0.0.0.0\""))
        #expect(said([("a", "x"), ("a", "y")]).hasPrefix("--node: the node name \"a\""))
        #expect(said(cluster: "").hasPrefix("--cluster: \"\""))
        #expect(said(profile: "x") == "there is no profile \"x\" in config | its profiles are \"proxy\"")
    }
}
