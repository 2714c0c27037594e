// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A run that meets an error of the disk at any point: what it says of the nodes is true, and it clears up.
@Suite struct FailedRunTests {
    /// EIO at the first, second, third... call of a kind, until some runs in a row get through: one that only wakes a thread up
    /// does no harm.
    @Test(arguments: ["?rename,?renameat,?renameat2", "fsync", "?chmod,?fchmod,?fchmodat", "write"])
    func status1MeansAsBefore(calls: String) throws {
        var (failures, call, harmless) = (0, 0, 0)
        while call < 99, harmless < 5 {
            call += 1
            let directory = try TemporaryDirectory()
            // Each thread counts its calls for itself, so there must be one only. What is said is written elsewhere.
            let line = """
                LIBDISPATCH_COOPERATIVE_POOL_STRICT=1 strace -f -qq -o /dev/null -e trace='\(calls)' \
                -e inject='\(calls)':error=EIO:when=\(call) $A init --root out --quiet
                """
            let failed = try shell(line, in: directory)
            if failed.status == 0 {
                harmless += 1
                continue
            }
            (failures, harmless) = (failures + 1, 0)
            let point = "\(calls) \(call): \(failed.stderr)"
            #expect([1, 3, 4, 74].contains(failed.status), "\(point)")
            if failed.status == 1 {
                #expect(
                    try shell("find out -path out/.state -prune -o -type f -print", in: directory).stdout
                        == "", "\(point)")
            }
            #expect(try leftovers(in: directory) == "", "\(point)")
            let next = try shell("$A init --root out --quiet", in: directory)
            #expect(next.status == 0, "\(point), \(next.stderr)")
            #expect(try problemsOfPair("out/cp1", in: directory) == "", "\(point)")
        }
        #expect((1..<99).contains(failures), "\(calls)")
    }

    /// A disk that is full takes a part of a line.
    @Test(arguments: [40, 210, 380, 550, 720, 890, 1060, 1230, 1400]) func noLineOfTheLedgerIsTorn(room: Int)
        throws
    {
        let directory = try TemporaryDirectory()
        #expect(try shell("$A init --root out --quiet", in: directory).status == 0)
        let line = """
            trap '' XFSZ
            prlimit --fsize=$(($(stat -c %s out/.state/ledger.jsonl) + \(room))) $A rotate --root out --quiet
            """
        let failed = try shell(line, in: directory)
        let ledger = try String(contentsOfFile: directory.file("out/.state/ledger.jsonl"), encoding: .utf8)
        #expect(ledger.hasSuffix("}\n"), "\(failed.status): \(failed.stderr)")
        #expect(try leftovers(in: directory) == "", "\(failed.stderr)")
        #expect(try shell("$A rotate --root out --quiet", in: directory).status == 0)
    }
}
