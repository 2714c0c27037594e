// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// cfssl's three files, as guides for the aggregation layer have them.
struct CFSSLFiles {
    let directory: TemporaryDirectory
    static let arguments = ["--ca-config", "config.json", "--ca-csr", "ca-csr.json", "--csr", "csr.json"]

    /// - Parameter key: JSON of both requests' keys.
    init(key: String = #"{ "algo": "ecdsa", "size": 256 }"#) throws {
        directory = try TemporaryDirectory()
        try directory.write(
            """
            { "signing": { "default": { "expiry": "8760h" }, "profiles": { "aggregator": {
              "usages": ["signing", "key encipherment", "server auth", "client auth"], "expiry": "43800h" } } } }
            """, to: "config.json")
        let names =
            #""names": [{ "C": "DE", "ST": "Berlin", "L": "Berlin", "O": "example", "OU": "platform" }]"#
        try directory.write(
            #"{ "CN": "aggregator", "key": \#(key), \#(names), "ca": { "expiry": "87600h" } }"#,
            to: "ca-csr.json")
        try directory.write(
            """
            { "CN": "aggregator", "key": \(key), \(names),
              "hosts": ["192.0.2.10", "kubernetes", "2001:db8::10", "kubernetes.default.svc.cluster.local"] }
            """, to: "csr.json")
    }
}

@Suite struct SpecFromCFSSLTests {
    @Test func aSpecThatCanBeUsed() throws {
        let files = try CFSSLFiles()
        let arguments = ["spec", "from-cfssl"] + CFSSLFiles.arguments + ["--cluster", "shanghai"]
        let nodes = ["--node", "cp1=192.0.2.1", "--node", "cp2=cp2.example.org"]
        let printed = try aggbootstrap(arguments + nodes, in: files.directory)
        #expect(printed.status == 0)
        #expect(
            printed.stderr == """
                config.json:1:78: note: the profile "aggregator" is used: it is the only one
                config.json:1:27: note: signing.default is not kept: the profile "aggregator" has its own expiry and usages

                """)
        let written = try aggbootstrap(arguments + nodes + ["new.json"], in: files.directory)
        #expect(written.stdout == "wrote new.json; next: aggbootstrap plan --spec new.json\n")
        #expect(written.stderr == printed.stderr)
        let path = files.directory.file("new.json")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == printed.stdout)
        let valid = try aggbootstrap(["spec", "validate", "new.json"], in: files.directory)
        #expect(valid.stdout == "new.json is valid: cluster shanghai, 2 nodes\n")

        let before = treeListing(files.directory.path)
        let again = try aggbootstrap(arguments + ["new.json"], in: files.directory)
        #expect(
            again.status == 1 && again.stderr.contains("it exists already [spec/exists]"), "\(again.stderr)")
        #expect(treeListing(files.directory.path) == before)
    }

    static let refusals: [(change: String, arguments: [String], status: Int32, said: String)] = [
        ("rm csr.json", [], 65, "cannot read cfssl's file csr.json: no such file [spec/missing]"),
        ("echo '{' >csr.json", [], 65, "csr.json:2:1: error: "),
        (
            "sed -i s/ecdsa/rsa/ csr.json ca-csr.json", [], 65,
            "ca-csr.json:1:55: error: an rsa key of 256 bits is too weak"
        ),
        ("sed -i s/192.0.2.10/192.0.2.010/ csr.json", [], 65, "csr.json:2:13: error: \"192.0.2.010\""),
        ("sed -i 's/client auth/clent auth/' config.json", [], 65, "did you mean \"client auth\"?"),
        ("true", ["--profile", "other"], 64, "hint: its profiles are \"aggregator\", \"default\""),
        ("true", ["--node", "cp1"], 64, "--node: \"cp1\" is not NAME=ADDRESS [usage/from-cfssl]"),
        ("true", ["--node", "cp1=-x"], 64, "--node: \"-x\" is not a DNS name or IP address"),
        ("true", ["--cluster", "A"], 64, "--cluster: \"A\" is not a cluster name"),
    ]

    @Test(arguments: refusals)
    func refused(change: String, arguments: [String], status: Int32, said: String) throws {
        let files = try CFSSLFiles()
        #expect(try shell(change, in: files.directory).status == 0)
        let command = ["spec", "from-cfssl"] + CFSSLFiles.arguments + arguments + ["new.json"]
        let result = try aggbootstrap(command, in: files.directory)
        #expect(result.status == status && result.stdout.isEmpty)
        #expect(result.stderr.contains(said), "\(result.stderr)")
        #expect(!FileManager.default.fileExists(atPath: files.directory.file("new.json")))
    }
}
