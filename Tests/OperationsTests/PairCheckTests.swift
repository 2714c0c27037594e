// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import ControlPlane
@testable import Planning
@testable import TLS
@testable import Values

/// What is made of the API server's word on a pair that was exchanged without a restart.
@Suite struct PairCheckTests {
    private final class Notes: Sendable {
        let said = Mutex<[NodeNote]>([])
    }

    /// What was said of the check.
    private func check(_ identity: @escaping @Sendable () throws -> IdentityOutcome?) throws -> [NodeNote] {
        let notes = Notes()
        let progress = NodeProgress(node: "cp1") { event in
            if case .note(_, let note) = event { notes.said.withLock { $0.append(note) } }
        }
        try PairCheck(identity: identity, progress: progress).check()
        return notes.said.withLock { $0 }
    }

    @Test func whatCannotBeAskedIsSaid() throws {
        #expect(try check { .accepted(user: "a") } == [])
        let failed = try check { throw BootstrapError("ssh/failed", "the connection is gone") }
        #expect(failed == [.acceptanceNotKnown(.because("the connection is gone"))])
        #expect(try check { nil } == [.acceptanceNotKnown(.notAsked)])
        let inconclusive = try check { .inconclusive(reason: "no review") }
        #expect(inconclusive == [.acceptanceNotKnown(.because("no review"))])
        let other = try check { .notUnderstood(status: 502, excerpt: "") }
        #expect(other == [.acceptanceNotKnown(.answered(status: 502))])
    }

    @Test func aPairThatIsRefusedStopsIt() {
        let error = #expect(throws: BootstrapError.self) { _ = try check { .rejected } }
        #expect(error?.code == "apply/pair-refused")
    }
}

/// Which changes of a running API server's files must pass its gate.
@Suite struct PairChangeTests {
    private static let (certificate, key) = ("/ssl/client.pem", "/ssl/client-key.pem")

    private func changesPair(
        _ changes: [(path: String, action: FileChange.Action)], running: [String]
    ) -> Bool {
        let live = LiveUnit(
            activity: .running, stateText: "active (running)", needDaemonReload: false, loadedArguments: [],
            runningArguments: ["kube-apiserver"] + running, mainPID: 7)
        let observed = ObservedNode(
            name: "cp1", access: .live, ownerIDs: nil, directory: ObservedFile(path: "/ssl"),
            ca: ObservedFile(path: "/ssl/ca.pem"), certificate: ObservedFile(path: Self.certificate),
            key: ObservedFile(path: Self.key), flags: ObservedFile(path: "/flags"), installedLeaf: nil,
            requestHeaderCAs: [], clientCA: nil,
            unit: ObservedUnit(base: [], baseDigests: [], environmentFiles: [:], live: live), apiServer: nil,
            transaction: nil)
        let files = changes.map { change in
            FileChange(
                path: change.path, action: change.action, content: .nothing,
                before: ObservedFile(path: change.path), mode: 0o600, ownerIDs: nil)
        }
        return NodePlan(name: "cp1", isLive: true, files: files).changesPair(of: observed)
    }

    /// Another certificate or another key alone makes another pair, and so does a lost file that comes back.
    @Test func aPairIsTwoFiles() {
        let flags = [
            "--proxy-client-cert-file=\(Self.certificate)", "--proxy-client-key-file=\(Self.key)",
        ]
        for action in [FileChange.Action.replace, .create] {
            #expect(changesPair([(Self.certificate, action), (Self.key, action)], running: flags))
            #expect(changesPair([(Self.certificate, action)], running: flags))
            #expect(changesPair([(Self.key, action)], running: flags))
            #expect(!changesPair([("/ssl/ca.pem", action), ("/flags", action)], running: flags))
            let doubled = flags.map { $0.replacing("=/", with: "=/.//") }
            #expect(changesPair([(Self.key, action)], running: doubled))
            // It reads neither of them.
            let others = ["--proxy-client-cert-file=/other.pem", "--proxy-client-key-file=/other-key.pem"]
            #expect(!changesPair([(Self.certificate, action), (Self.key, action)], running: others))
        }
        #expect(!changesPair([(Self.key, .setMetadata)], running: flags))
        #expect(!changesPair([], running: flags))
    }
}
