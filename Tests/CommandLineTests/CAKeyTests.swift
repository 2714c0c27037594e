// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A CA whose key is not kept: `certificates.ca.keep` is false.
@Suite struct CAKeyTests {
    private static func spec(_ nodes: [String], keep: Bool = false) -> String {
        let list = nodes.map { #"{"name": "\#($0)", "address": "\#($0)"}"# }.joined(separator: ", ")
        return """
            {"apiVersion": "aggbootstrap/v1", "cluster": "demo", "apiServer": {"flags": ["--secure-port=6443"]},
             "certificates": {"ca": {"keep": \(keep)}}, "nodes": [\(list)]}
            """
    }

    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func run(_ command: String, nodes: [String] = ["cp1"], keep: Bool = false) throws -> ProgramResult
    {
        let spec = try directory.write(Self.spec(nodes, keep: keep), to: "cluster.json")
        return try aggbootstrap(
            command.split(separator: " ").map(String.init) + ["--root", "out", "--spec", spec], in: directory)
    }

    /// Public keys of the private keys in any file below the directory, and those of the CA certificates.
    private func keys() throws -> (owned: Set<String>, authorities: Set<String>) {
        func lines(_ script: String) throws -> Set<String> {
            let result = try shell(script, in: directory)
            #expect(result.status == 0, "\(result.stderr)")
            return Set(result.stdout.split(separator: "\n").map(String.init))
        }
        let owned = try lines(
            "grep -rl 'PRIVATE KEY' . | while read -r f; do openssl pkey -in \"$f\" -pubout -outform DER | sha256sum; done"
        )
        let authorities = try lines(
            "for f in out/.state/ca/*/ca.pem; do openssl x509 -in \"$f\" -pubkey -noout | openssl pkey -pubin -outform DER "
                + "| sha256sum; done")
        return (owned, authorities)
    }

    @Test(arguments: [true, false]) func theKeyIsInNoFile(keep: Bool) throws {
        let first = try run("init", keep: keep)
        #expect(first.status == 0, "\(first.stderr)")
        let keys = try keys()
        #expect(keys.owned.count == (keep ? 2 : 1) && keys.authorities.count == 1)
        #expect(keys.owned.isDisjoint(with: keys.authorities) == !keep)
        #expect(try problemsOfPair("out/cp1", in: directory) == "")
        #expect(try run("plan --detailed-exitcode", keep: keep).status == 0)
    }

    /// No file is opened for it either, not even one that is removed again.
    @Test func noFileIsMadeForTheKey() throws {
        let spec = try directory.write(Self.spec(["cp1"]), to: "cluster.json")
        let result = try shell(
            "strace -f -o trace -e trace=openat,memfd_create $A init --root out --spec \(spec)", in: directory
        )
        #expect(result.status == 0, "\(result.stderr)")
        let trace = try String(contentsOfFile: directory.file("trace"), encoding: .utf8)
        let made = trace.split(separator: "\n").filter { $0.contains("O_CREAT") && $0.contains("key.pem") }
        #expect(made.count == 2 && made.allSatisfy { !$0.contains("ca-key") }, "\(made)")
        #expect(!trace.contains("memfd_create") && !trace.contains("O_TMPFILE"))
    }

    /// It signs for all nodes while it is there, and for no other afterwards.
    @Test func aNodeThatComesLaterTakesAnotherCA() throws {
        let first = try run("init --limit cp1", nodes: ["cp1", "cp2"])
        #expect(first.status == 0, "\(first.stderr)")
        #expect(try run("init", nodes: ["cp1", "cp2"]).status == 0)
        #expect(try problemsOfPair("out/cp2", in: directory) == "")
        let before = treeListing(directory.file("out"))
        for command in ["init", "plan", "rotate"] {
            let refused = try run(command, nodes: ["cp1", "cp2", "cp3"])
            #expect(refused.status == 1)
            #expect(refused.stderr.contains("plan/no-ca-key") && refused.stderr.contains("rotate --ca"))
        }
        #expect(treeListing(directory.file("out")) == before)
    }

    /// Where the spec keeps keys, one that is missing is a loss, and no timer makes a new CA of it.
    @Test func aKeyThatWasLostIsNotPassedOver() throws {
        #expect(try run("init", keep: true).status == 0)
        #expect(try shell("rm out/.state/ca/*/ca-key.pem", in: directory).status == 0)
        let plan = try run("plan", keep: true)
        #expect(plan.status == 0, "\(plan.stderr)")
        let rotated = try run("rotate", keep: true)
        #expect(rotated.status == 1 && rotated.stderr.contains("backup"), "\(rotated.stderr)")
    }
}
