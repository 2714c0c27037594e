// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct SpecCommandTests {
    @Test(arguments: [
        [], ["--cluster", "shanghai", "--node", "master-1"],
        ["--node", "a=192.0.2.1", "--node", "b=ops@192.0.2.2"],
    ])
    func aNewSpecIsValid(arguments: [String]) throws {
        let directory = try TemporaryDirectory()
        let printed = try aggbootstrap(["spec", "init"] + arguments, in: directory)
        #expect(printed.status == 0)
        #expect(try aggbootstrap(["spec", "init"] + arguments + ["new.json"], in: directory).status == 0)
        #expect(try String(contentsOfFile: directory.file("new.json"), encoding: .utf8) == printed.stdout)
        let result = try aggbootstrap(["spec", "validate", "new.json"], in: directory)
        #expect(result.status == 0)
        #expect(result.stdout.hasPrefix("new.json is valid: cluster "))
        #expect(try aggbootstrap(["plan", "--root", "out", "--spec", "new.json"], in: directory).status == 0)
    }

    @Test(arguments: ["file", "link", "dangling", "directory"])
    func anExistingFileIsNeverOverwritten(kind: String) throws {
        let directory = try TemporaryDirectory()
        let setUp = [
            "file": "echo mine >it", "link": "echo mine >f; ln -s f it", "dangling": "ln -s f it",
            "directory": "mkdir it",
        ]
        #expect(try shell(setUp[kind] ?? "false", in: directory).status == 0)
        let before = treeListing(directory.path)
        let result = try aggbootstrap(["spec", "init", "it"], in: directory)
        #expect(result.status == 1)
        let says =
            kind == "directory"
            ? "cannot write it: it is a directory [spec/exists]\nhint: name a file in it, such as it/cluster.json"
            : "cannot write it: it exists already [spec/exists]"
        #expect(result.stderr.contains(says), "\(result.stderr)")
        #expect(treeListing(directory.path) == before)
    }

    @Test(arguments: [
        ["--cluster", "Not A Name"], ["--node", "-x"], ["--node", "a=", "--node", "b=x"],
        ["--node", "a", "--node", "a=x"], ["--cluster", ""], ["nowhere/new.json"],
    ])
    func aBadNewSpecIsRefused(arguments: [String]) throws {
        let directory = try TemporaryDirectory()
        let result = try aggbootstrap(["spec", "init"] + arguments, in: directory)
        #expect(result.status != 0 && !result.stderr.isEmpty && result.stdout.isEmpty, "\(result.stdout)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }

    @Test func theSchemaIsWrittenOnce() throws {
        let directory = try TemporaryDirectory()
        let printed = try aggbootstrap(["spec", "schema"], in: directory)
        #expect(printed.status == 0 && printed.stderr.isEmpty)
        let object = try JSONSerialization.jsonObject(with: Data(printed.stdout.utf8)) as? [String: Any]
        #expect(object?["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
        let name = "aggbootstrap.schema.json"
        #expect(try aggbootstrap(["spec", "schema", name], in: directory).stdout == "wrote \(name)\n")
        #expect(try String(contentsOfFile: directory.file(name), encoding: .utf8) == printed.stdout)
        let again = try aggbootstrap(["spec", "schema", name], in: directory)
        #expect(again.status == 1 && again.stderr.contains("[spec/exists]"), "\(again.stderr)")
    }

    @Test func fieldsAreExplained() throws {
        let directory = try TemporaryDirectory()
        let all = try aggbootstrap(["spec", "explain"], in: directory)
        #expect(all.status == 0 && all.stdout.contains("\nnodes[].ssh.hostKey "))
        let one = try aggbootstrap(["spec", "explain", "certificates.ca.key.size"], in: directory)
        #expect(
            one.stdout == """
                certificates.ca.key.size

                  The size in bits: 2048, 3072, 4096 for rsa, 256, 384, 521 for ecdsa, none for ed25519.

                  type     a whole number: 256, 384, 521, 2048, 3072, 4096
                  default  2048 for rsa, 256 for ecdsa
                  example  "size": 256

                """)
        let unknown = try aggbootstrap(["spec", "explain", "certificates.ca.expiry"], in: directory)
        #expect(unknown.status == 64 && unknown.stdout.isEmpty)
        #expect(
            unknown.stderr.hasPrefix(
                """
                aggbootstrap: error: the spec has no field "certificates.ca.expiry" [usage/no-such-field]
                hint: did you mean certificates.ca.validity?

                """))
    }
}
