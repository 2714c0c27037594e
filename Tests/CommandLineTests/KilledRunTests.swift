// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A run that is killed at any point, and the run after it.
@Suite struct KilledRunTests {
    /// SIGKILL at the first, second, third... call of a kind, until a run gets through.
    @Test(arguments: ["rename", "fsync", "mkdir", "fadvise64"], [true, false])
    func theNextRunCompletes(call: String, keepsCAKey: Bool) throws {
        let several = ["rename": "?rename,?renameat,?renameat2", "mkdir": "?mkdir,?mkdirat"]
        let calls = several[call] ?? "?\(call)"
        var kills = 0
        while kills < 99 {
            let directory = try TemporaryDirectory()
            let spec = try directory.write(
                """
                {"apiVersion": "aggbootstrap/v1", "cluster": "demo", "apiServer": {"flags": ["--secure-port=6443"]},
                 "certificates": {"ca": {"keep": \(keepsCAKey)}}, "nodes": [{"name": "cp1", "local": true}]}
                """, to: "cluster.json")
            let arguments = ["init", "--root", "out", "--spec", spec]
            // Each thread counts its calls for itself, so there must be one only.
            let line = """
                LIBDISPATCH_COOPERATIVE_POOL_STRICT=1 strace -f -qq -o /dev/null -e trace='\(calls)' \
                -e inject='\(calls)':signal=SIGKILL:when=\(kills + 1) $A \
                \(arguments.joined(separator: " "))
                """
            let killed = try shell(line, in: directory)
            if killed.status == 0 { break }
            #expect(killed.status == 137, "\(killed.stderr)")
            kills += 1
            try expectCompletion(of: arguments, in: directory, "\(call) \(kills)")
        }
        #expect((1..<99).contains(kills))
    }

    private func expectCompletion(
        of arguments: [String], in directory: TemporaryDirectory, _ point: String
    ) throws {
        let next = try aggbootstrap(arguments, in: directory)
        #expect(next.status == 0, "\(point): \(next.stderr)")
        #expect(try problemsOfPair("out/cp1", in: directory) == "", "\(point)")
        #expect(try leftovers(in: directory) == "", "\(point)")
        let generations = try FileManager.default.contentsOfDirectory(atPath: directory.file("out/.state/ca"))
        #expect(generations.count == 1, "\(point): \(generations)")
        let ledger = try String(contentsOfFile: directory.file("out/.state/ledger.jsonl"), encoding: .utf8)
        #expect(ledger.hasSuffix("\n"))
        for entry in ledger.split(separator: "\n") {
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(entry.utf8)) }
        }
        let plan = try aggbootstrap(["plan", "--detailed-exitcode"] + arguments.dropFirst(), in: directory)
        #expect(plan.status == 0, "\(point): \(plan.stdout)")
    }
}

/// A run that is killed while it makes directories under a narrow umask.
@Suite struct KilledDirectoryTests {
    /// The next run would leave a directory that is there as it is, and a server that is not root could not get in.
    @Test(arguments: ["?chmod,?fchmod,?fchmodat", "?rename,?renameat,?renameat2"])
    func directoriesHaveTheirModeFromTheFirst(calls: String) throws {
        var kills = 0
        while kills < 99 {
            let directory = try TemporaryDirectory()
            let line = """
                umask 077; LIBDISPATCH_COOPERATIVE_POOL_STRICT=1 strace -f -qq -o /dev/null -e trace='\(calls)' \
                -e inject='\(calls)':signal=SIGKILL:when=\(kills + 1) $A init --root out
                """
            let killed = try shell(line, in: directory)
            if killed.status == 0 { break }
            kills += 1
            let next = try shell("umask 077; $A init --root out", in: directory)
            #expect(next.status == 0, "\(kills): \(next.stderr)")
            // The root itself was made for the state that it holds.
            let find = "find out -mindepth 1 -type d ! -path '*/.state*' ! -perm 755"
            let narrow = try shell(find, in: directory)
            #expect(narrow.stdout == "", "\(calls) \(kills)")
            #expect(try leftovers(in: directory) == "", "\(calls) \(kills)")
        }
        #expect((1..<99).contains(kills))
    }
}
