// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Spec
import SystemdBus
import TLS
import Values

/// The processes of control planes that read the requestheader CA's file beside kube-apiserver: kube-controller-manager,
/// kube-scheduler and others that serve as it does. Which CAs they have loaded, their TLS handshakes say.
package struct TrustGate: Sendable {
    /// How long one is given to load a changed trust bundle: a kube-apiserver before 1.23 looks each minute.
    package static let seconds = 75

    /// What one is still waited for.
    private struct Problem {
        let reader: TrustReader
        let why: Message
        let hint: Message
    }

    /// How long they are waited for.
    package enum Patience: Sendable {
        /// As long as the API servers; one that has not done it then stops the rotation.
        case asAPIServers
        /// So many seconds; one that has not done it then is named and passed by.
        case passing(afterSeconds: Int)
    }

    let controlPlanes: ControlPlanes
    let patience: Patience
    /// `NODE/PROGRAM` of those that are not waited for.
    let accepted: Set<String>
    let say: @Sendable (TrustReaderNote) -> Void

    package init(
        controlPlanes: ControlPlanes, patience: Patience, accepted: Set<String>,
        say: @escaping @Sendable (TrustReaderNote) -> Void
    ) {
        self.controlPlanes = controlPlanes
        self.patience = patience
        self.accepted = accepted
        self.say = say
    }

    /// What a wait has seen so far.
    private struct Course {
        /// Processes that are done with, or cannot be asked.
        var settled: Set<Int> = []
        var said: Set<TrustReaderNote> = []
    }

    /// Waits until each of a node's has done what `judge` asks for; each is asked at least once.
    /// - Parameters:
    ///   - last: when the API servers' time is over.
    ///   - goal: what one has done that `judge` finds nothing wrong with.
    ///   - judge: what one has not done that names these CAs; nil where it has.
    /// - Throws: `rotation/not-loaded`.
    package func wait(
        on node: NodeSpec, until last: ContinuousClock.Instant, goal: TrustReaderNote.Goal,
        _ judge: (_ names: [[UInt8]]) -> Message?
    ) async throws {
        let deadline =
            switch patience {
            case .asAPIServers: last
            case .passing(let seconds): min(last, ContinuousClock.now + .seconds(seconds))
            }
        var course = Course()
        while true {
            var problems: [Problem] = []
            // Looked for each time: one that was started again meanwhile is another process.
            for reader in try find(node) where !course.settled.contains(reader.pid) {
                guard let problem = try problem(reader, node, goal, judge, &course) else { continue }
                problems.append(problem)
            }
            if problems.isEmpty { return }
            if ContinuousClock.now >= deadline { return try giveUp(problems, node) }
            try await controlPlanes.pause(.seconds(1))
        }
    }

    private func giveUp(_ problems: [Problem], _ node: NodeSpec) throws {
        if case .passing = patience {
            for problem in problems {
                say(
                    TrustReaderNote(
                        node: node.name, reader: "\(problem.reader)", .notWaitedFor(why: problem.why)))
            }
            return
        }
        let texts = problems.map { "\(node.name): \($0.reader) \($0.why)" as Message }
        throw BootstrapError(
            "rotation/not-loaded", status: .proofFailed, "\(texts[0]) after \(Self.seconds) s",
            hint: problems[0].hint, details: Array(texts.dropFirst()))
    }

    /// What one is still waited for; nil where it is settled.
    private func problem(
        _ reader: TrustReader, _ node: NodeSpec, _ goal: TrustReaderNote.Goal,
        _ judge: ([[UInt8]]) -> Message?, _ course: inout Course
    ) throws -> Problem? {
        func tell(_ standing: TrustReaderNote.Standing) {
            let note = TrustReaderNote(node: node.name, reader: "\(reader)", standing)
            if course.said.insert(note).inserted { say(note) }
        }
        func settle(_ standing: TrustReaderNote.Standing) {
            course.settled.insert(reader.pid)
            tell(standing)
        }
        func wait(_ why: Message, _ hint: Message) -> Problem? {
            let own = "\(node.name)/\(reader.program)"
            guard !accepted.contains(own) else {
                settle(.skipped(why: why))
                return nil
            }
            tell(.waits)
            return Problem(
                reader: reader, why: why,
                hint: "\(hint), then run it again; or continue without it: --accept-laggard \(own)")
        }
        switch reader.place {
        case .unseen(let why): settle(.cannotBeChecked(why: why))
        case .listens(let address, let port):
            let names: [[UInt8]]?
            do {
                // Where it listens may be the node's own loopback.
                let endpoint = APIServerEndpoint(
                    address: address, port: port, tunnel: try controlPlanes.link(node).tunnel?.always)
                names = try TLSHandshakeProbe.handshake(endpoint, trust: .nobody).acceptedCANames
            } catch let error as APIServerError {
                let way: Message = node.local ? "" : " through ssh -W (AllowTcpForwarding)"
                return wait(
                    "cannot be asked: \(error)", "find out why it does not answer there\(way), or stop it")
            }
            switch names {
            case nil: settle(.asksForNoCertificate)
            case []?: settle(.namesNoCA)
            case let names?:
                if let problem = judge(names) {
                    return wait(problem, "restart it when possible")
                }
                settle(.reached(goal))
            }
        }
        return nil
    }

    // MARK: - Who they are

    private func find(_ node: NodeSpec) throws -> [TrustReader] {
        let link = try controlPlanes.link(node)
        let own = try link.units?.unit(controlPlanes.spec.apiServer.unit).mainPID.map { Int($0) }
        let certificates = controlPlanes.spec.certificates
        let file = "\(certificates.directory)/\(certificates.files.ca)"
        return try link.node.processes(mentioning: ["requestheader"]).filter { $0.pid != own }
            .compactMap { TrustReader($0, reading: file) }
    }
}
