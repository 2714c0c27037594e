// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What a run asks the kernel to keep, in which order: seen by strace(1), not by the program.
@Suite struct DurabilityTests {
    private enum Call: Equatable {
        case create(String)
        /// The disk is told to begin, and not waited for.
        case beginSync(String)
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
            case .sync, .beginSync: continue
            case .create(let path): #expect(after.contains(.sync(path)), "the file \(path) was never synced")
            case .rename(let from, let to):
                for case .create(let path) in before where path.hasPrefix("\(from)/") {
                    #expect(before.contains(.sync(path)), "\(from) was renamed before \(path) was synced")
                }
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
        for name in ["aggregator-key.pem", "zz-aggregation.conf", "cluster", "0001"] {
            #expect(renamed.contains(name), "\(renamed)")
        }
        let created = calls.compactMap { call in
            if case .create(let path) = call { (path as NSString).lastPathComponent } else { nil }
        }
        for name in ["ca.pem", "ca-key.pem", "certificate.pem", "key.pem", "issued"] {
            #expect(created.contains(name), "\(created)")
        }
    }

    /// A step's files are all written before the first of them is waited for, and renamed with nothing in between, so that
    /// the file system commits them together.
    @Test(arguments: [(1, 32), (3, 68)]) func aStepIsCommittedOnce(nodes: Int, syncs: Int) throws {
        let directory = try TemporaryDirectory()
        let names = (1...nodes).map { "cp\($0)" }
        let list = names.map { "{\"name\": \"\($0)\", \"address\": \"10.0.0.1\($0.last ?? "0")\"}" }
        let spec = try directory.write(
            """
            {"apiVersion": "aggbootstrap/v1", "cluster": "demo", "apiServer": {"flags": ["--secure-port=6443"]},
             "nodes": [\(list.joined(separator: ", "))]}
            """, to: "cluster.json")
        let calls = try calls(of: "init --root out --spec \(spec)", in: directory)
        let count = calls.count { if case .sync = $0 { true } else { false } }
        #expect(count <= syncs, "\(count)")
        try expectTogether(calls) { $0.contains("/.state/ca/.unfinished-") }
        try expectTogether(calls) { $0.contains("/.state/leaves/") }
        for name in names {
            try expectTogether(calls) { $0.contains("/out/\(name)/") && $0.hasSuffix(".aggbootstrap-tmp") }
        }
    }

    /// - Parameter isOfStep: whether a path is that of a file of the step before it is renamed.
    private func expectTogether(_ calls: [Call], _ isOfStep: (String) -> Bool) throws {
        let created = calls.indices.filter {
            if case .create(let path) = calls[$0] { isOfStep(path) } else { false }
        }
        let paths = created.map { if case .create(let path) = calls[$0] { path } else { "" } }
        #expect(paths.count > 1)
        let (last, syncs) = (
            try #require(created.last), paths.compactMap { calls.firstIndex(of: .sync($0)) }
        )
        for path in paths { #expect(calls[...(syncs.min() ?? 0)].contains(.beginSync(path)), "\(path)") }
        #expect(syncs.count == paths.count && last < (syncs.min() ?? 0), "\(paths)")
        // Files themselves, or the directories that they are in.
        let renamed = calls.indices.filter {
            if case .rename(let from, _) = calls[$0], $0 > last {
                paths.contains { $0 == from || $0.hasPrefix("\(from)/") }
            } else {
                false
            }
        }
        let (first, end) = (try #require(renamed.first), try #require(renamed.last))
        #expect((syncs.max() ?? 0) < first && end - first == renamed.count - 1, "\(calls[first...end])")
    }

    /// Successful calls, in order, with absolute paths.
    private func calls(of command: String, in directory: TemporaryDirectory) throws -> [Call] {
        // One thread: no line of strace is interrupted by another one.
        let line = """
            LIBDISPATCH_COOPERATIVE_POOL_STRICT=1 strace -f -y -s 4096 -o trace \
            -e trace='openat,fsync,?fadvise64,?rename,?renameat,?renameat2,?mkdir,?mkdirat' $A \(command) >&2 && pwd -P && cat trace
            """
        let result = try shell(line, in: directory)
        try #require(result.status == 0, "\(result.stderr)")
        var lines = result.stdout.split(separator: "\n").map(String.init)
        let base = lines.removeFirst()
        func absolute(_ path: Substring) -> String {
            path.hasPrefix("/") ? String(path) : "\(base)/\(path.trimmingPrefix("./"))"
        }
        return lines.compactMap { line in
            if let match = line.firstMatch(of: /openat\(.*?"(.*?)", [A-Z_|]*O_CREAT\|O_EXCL.*\) += \d+/) {
                return .create(absolute(match.1))
            }
            if let match = line.firstMatch(
                of: /fadvise64\(\d+<(.*)>, 0, 0, POSIX_FADV_DONTNEED\) += 0$/)
            {
                return .beginSync(String(match.1))
            }
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
