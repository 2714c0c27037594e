// SPDX-License-Identifier: Apache-2.0

import Secrets
import TestSupport
import Testing

@testable import ControlPlane
@testable import LocalFiles
@testable import NodeAccess
@testable import Planning
@testable import Spec
@testable import SystemdBus
@testable import SystemdUnits
@testable import Values

/// One node's change with something that fails at each of its steps: the node has all of the change, or none of it.
@Suite struct NodeApplyTests {
    private static let unit = "kube-apiserver.service"
    private static let oldCommand = ["/usr/bin/kube-apiserver", "--v=1"]
    private static let newCommand = ["/usr/bin/kube-apiserver", "--v=1", "--new=1"]

    /// A node whose pair is replaced, whose drop-in is new, and which restarts.
    private struct World {
        let directory: TemporaryDirectory
        let journal: Journal
        let units: FakeSystemd
        let before: [String]
        let apply: NodeApply

        private static let dropIn = UnitPaths.dropIn(of: NodeApplyTests.unit)
        private static let dropInText =
            "[Service]\nExecStart=\nExecStart=\(NodeApplyTests.newCommand.joined(separator: " "))\n"
        private static let fragment = UnitText(
            path: "/etc/systemd/system/\(NodeApplyTests.unit)",
            text: "[Service]\nExecStart=\(NodeApplyTests.oldCommand.joined(separator: " "))\n")

        init(failingAt failing: Set<Int> = [], with code: NodeError.Code = .system) throws {
            directory = try TemporaryDirectory()
            journal = Journal(failingAt: failing, with: code)
            for name in ["ca", "crt", "key"] { try directory.write("old \(name)", to: "etc/pki/\(name)") }
            try directory.write(Self.fragment.text, to: "etc/systemd/system/\(NodeApplyTests.unit)")
            let place = directory.file(String(Self.dropIn.dropFirst()))
            let units = FakeSystemd({
                let isChanged = (try? FileReader.read(place)) ?? nil != nil
                return .init(command: isChanged ? NodeApplyTests.newCommand : NodeApplyTests.oldCommand)
            })
            self.units = units
            before = Self.files(directory)
            let progress = NodeProgress(node: "cp1") { _ in }
            let node = JournaledNode(directory.path, journal)
            let activator = Activator(
                unit: NodeApplyTests.unit, node: node, units: JournaledUnits(units, journal),
                readiness: { .ready },
                identity: { nil }, progress: progress)
            apply = NodeApply(
                spec: try ClusterSpec.parse(
                    Array(EmbeddedDefault.spec.utf8), fileName: EmbeddedDefault.fileName),
                plan: Self.plan, observed: Self.observed,
                preparer: FilePreparer(node: node) { _ in
                    Array("new key".utf8).withUnsafeBytes { SecretBytes(copying: $0) }
                },
                activator: activator, now: UnixTime(seconds: 1_700_000_000), progress: progress)
        }

        private static func observedFile(_ path: String, _ text: String?) -> ObservedFile {
            ObservedFile(
                path: path, kind: text == nil ? .absent : .regular, mode: 0o644,
                content: text.map { Array($0.utf8) })
        }

        private static var plan: NodePlan {
            func change(_ path: String, _ old: String?, _ content: FileChange.Content) -> FileChange {
                FileChange(
                    path: path, action: old == nil ? .create : .replace, content: content,
                    before: observedFile(path, old), mode: 0o600, ownerIDs: nil)
            }
            return NodePlan(
                name: "cp1", isLive: true,
                files: [
                    change("/etc/pki/ca", "old ca", .text(Array("new ca".utf8))),
                    change("/etc/pki/key", "old key", .privateKey(owner: "cp1")),
                    change("/etc/pki/crt", "old crt", .text(Array("new crt".utf8))),
                    change(dropIn, nil, .text(Array(dropInText.utf8))),
                ], daemonReload: true, restart: .needed("it lacks the flags"))
        }

        private static var observed: ObservedNode {
            var unit = ObservedUnit(base: [fragment], baseDigests: ["aa"], environmentFiles: [:], live: nil)
            unit.live = LiveUnit(
                activity: .running, stateText: "active/running", needDaemonReload: false,
                loadedArguments: NodeApplyTests.oldCommand, runningArguments: NodeApplyTests.oldCommand,
                mainPID: 1)
            return ObservedNode(
                name: "cp1", access: .live, ownerIDs: nil, directory: observedFile("/etc/pki", nil),
                ca: observedFile("/etc/pki/ca", "old ca"),
                certificate: observedFile("/etc/pki/crt", "old crt"),
                key: observedFile("/etc/pki/key", "old key"), flags: observedFile(dropIn, nil),
                installedLeaf: nil, requestHeaderCAs: [], clientCA: nil, unit: unit,
                apiServer: ObservedAPIServer(
                    endpoint: "127.0.0.1:6443", readiness: .ready, loadedCAs: nil), transaction: nil)
        }

        /// The files that count, with their content.
        static func files(_ directory: TemporaryDirectory) -> [String] {
            ["ca", "crt", "key"].map { "etc/pki/\($0)" }.map { content($0, directory) }
                + [content(String(dropIn.dropFirst()), directory)]
        }

        private static func content(_ path: String, _ directory: TemporaryDirectory) -> String {
            let bytes = (try? FileReader.read(directory.file(path))) ?? nil
            return bytes.map { String(decoding: $0, as: UTF8.self) } ?? "absent"
        }

        var now: [String] { Self.files(directory) }
        static var changed: [String] { ["new ca", "new crt", "new key", dropInText] }

        /// - Returns: nil where the change was made.
        func run() async -> BootstrapError? {
            do {
                try await apply.apply()
                return nil
            } catch {
                return error as? BootstrapError ?? BootstrapError("test/other", "\(error)")
            }
        }

        func openTransaction() throws -> NodeTransaction? {
            try NodeTransaction.open(
                unit: NodeApplyTests.unit, on: LocalTransport(root: NodeRoot(prefix: directory.path)))
        }
    }

    /// Copies first, then all files at once, then systemd; what restarts has the files that were read back.
    @Test func theOrderOfAChange() async throws {
        let world = try World()
        #expect(await world.run() == nil)
        #expect(world.now == World.changed && world.units.running == Self.newCommand)
        #expect(try world.openTransaction() == nil)
        let steps = world.journal.steps
        let expected = [
            "move to transaction", "stage ca key crt zz-aggregation.conf", "run systemd-analyze",
            "rename ca key crt zz-aggregation.conf", "daemon-reload", "restart", "move to previous",
        ]
        var rest = steps[...]
        for step in expected {
            let place = try #require(rest.firstIndex(of: step), "\(step) is not in its place: \(steps)")
            rest = rest[(place + 1)...]
        }
        #expect(steps.count { $0 == "restart" } == 1 && steps.count { $0 == "daemon-reload" } == 1)
    }

    /// Each step in turn: never a mixture of old and new, and the error says so.
    @Test func whateverFailsTheNodeIsWhole() async throws {
        let count = try await {
            let world = try World()
            _ = await world.run()
            return world.journal.steps.count
        }()
        #expect(count > 15)
        for step in 1...count {
            let world = try World(failingAt: [step])
            let error = await world.run()
            let what = "at \(step), \(world.journal.steps[step - 1]): \(error.map { "\($0)" } ?? "done")"
            if let error {
                #expect(world.now == world.before, "\(what)")
                #expect(world.units.running == Self.oldCommand, "\(what)")
                #expect(try world.openTransaction() == nil, "\(what)")
                #expect(error.status == .failed && error.code != "apply/not-restored", "\(what)")
            } else {
                #expect(world.now == World.changed && world.units.running == Self.newCommand, "\(what)")
            }
        }
    }

    /// Two failures, by a seeded draw: where putting back fails too, the error says so, and the copies of before are there.
    @Test(arguments: 0..<200) func twoFailuresAreNeverHidden(seed: Int) async throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let first = Int.random(in: 1...20, using: &random)
        let second = first + Int.random(in: 1...12, using: &random)
        let world = try World(failingAt: [first, second])
        let error = await world.run()
        let what = "at \(first) and \(second): \(world.journal.steps): \(error.map { "\($0)" } ?? "done")"
        guard let error else {
            #expect(world.now == World.changed, "\(what)")
            return
        }
        guard error.code == "apply/not-restored" else {
            #expect(world.now == world.before && world.units.running == Self.oldCommand, "\(what)")
            return
        }
        #expect(error.status == .mixed, "\(what)")
        let transaction = try #require(try world.openTransaction(), "\(what)")
        try transaction.restore(unit: Self.unit)
        #expect(world.now == world.before, "\(what)")
    }

    /// The connection breaks, and then putting back fails as well: the report has the first cause too.
    @Test func aFailingCleanUpReplacesNoCause() async throws {
        var seen = 0
        for first in 1...20 {
            for second in (first + 1)...(first + 12) {
                let world = try World(failingAt: [first, second], with: .connectionLost)
                guard let error = await world.run(), error.status == .mixed else { continue }
                let text = ([error.message] + error.details).joined(separator: "\n")
                for step in [first, second] {
                    #expect(text.contains("cannot do \(world.journal.steps[step - 1])"), "\(text)")
                }
                if error.code == "node/connection-lost" { seen += 1 }
            }
        }
        #expect(seen > 10)
    }
}
