// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What a run asks the kernel to keep, in which order: seen by strace(1), not by the program.
@Suite struct DurabilityTests {
    private enum Call: Equatable {
        case sync(String)
        case rename(from: String, to: String)
        case makeDirectory(String)
    }

    @Test func nothingIsRenamedOrMadeWithoutBeingSynced() throws {
        let directory = try TemporaryDirectory()
        let calls = try calls(of: "init --root out", in: directory)
        for (index, call) in calls.enumerated() {
            let (before, after) = (calls[..<index], calls[(index + 1)...])
            switch call {
            case .sync: continue
            case .rename(let from, let to):
                // A directory gets its name while nothing is in it.
                #expect(
                    before.contains(.sync(from)) || before.contains(.makeDirectory(from)),
                    "\(from) was renamed before it was synced")
                #expect(after.contains(.sync(parent(to))), "the name \(to) was never synced")
            case .makeDirectory(let path):
                // Under this name or the one that it gets.
                #expect(after.contains(.sync(parent(path))), "the directory \(path) was never synced")
            }
        }
        let renamed = calls.compactMap { call in
            if case .rename(_, let to) = call { (to as NSString).lastPathComponent } else { nil }
        }
        for name in ["ca.pem", "ca-key.pem", "key.pem", "aggregator-key.pem", "zz-aggregation.conf"] {
            #expect(renamed.contains(name), "\(renamed)")
        }
    }

    /// Successful calls, in order, with absolute paths.
    private func calls(of command: String, in directory: TemporaryDirectory) throws -> [Call] {
        // One thread: no line of strace is interrupted by another one.
        let line = """
            LIBDISPATCH_COOPERATIVE_POOL_STRICT=1 strace -f -y -s 4096 -o trace \
            -e trace='fsync,?rename,?renameat,?renameat2,?mkdir,?mkdirat' $A \(command) >&2 && pwd -P && cat trace
            """
        let result = try shell(line, in: directory)
        try #require(result.status == 0, "\(result.stderr)")
        var lines = result.stdout.split(separator: "\n").map(String.init)
        let base = lines.removeFirst()
        func absolute(_ path: Substring) -> String {
            path.hasPrefix("/") ? String(path) : "\(base)/\(path.trimmingPrefix("./"))"
        }
        return lines.compactMap { line in
            if let match = line.firstMatch(of: /fsync\(\d+<(.*)>\) += 0$/) {
                return .sync(String(match.1))
            }
            if let match = line.firstMatch(of: /rename\w*\(.*?"(.*?)", .*?"(.*?)".*\) += 0$/) {
                return .rename(from: absolute(match.1), to: absolute(match.2))
            }
            if let match = line.firstMatch(of: /mkdir\w*\(.*?"(.*?)", \d+\) += 0$/) {
                return .makeDirectory(absolute(match.1))
            }
            return nil
        }
    }

    private func parent(_ path: String) -> String { (path as NSString).deletingLastPathComponent }
}
