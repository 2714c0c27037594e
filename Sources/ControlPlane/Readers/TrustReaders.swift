// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Spec
import SystemdBus
import TLS
import Values

/// The processes of control planes that read the requestheader CA's file beside kube-apiserver: kube-controller-manager,
/// kube-scheduler and others that serve as it does. Which CAs they have loaded, their TLS handshakes say.
package struct TrustReaders: Sendable {
    /// How long one is given to load a changed trust bundle: a kube-apiserver before 1.23 looks each minute.
    package static let seconds = 75

    /// What one is still waited for.
    private struct Problem {
        let text: String
        let hint: String
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
    /// Takes a line for the operator.
    let say: @Sendable (String) -> Void

    package init(
        controlPlanes: ControlPlanes, patience: Patience, accepted: Set<String>,
        say: @escaping @Sendable (String) -> Void
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
        var said: Set<String> = []
    }

    /// Waits until each of a node's has done what `judge` asks for; each is asked at least once.
    /// - Parameters:
    ///   - last: when the API servers' time is over.
    ///   - reached: what one has done that `judge` finds nothing wrong with.
    ///   - judge: what one has not done that names these CAs; nil where it has.
    /// - Throws: `rotation/not-loaded`.
    package func wait(
        on node: NodeSpec, until last: ContinuousClock.Instant, reached: String,
        _ judge: (_ names: [[UInt8]]) -> String?
    ) async throws {
        let deadline =
            switch patience {
            case .asAPIServers: last
            case .passing(let seconds): min(last, ContinuousClock.now + .seconds(seconds))
            }
        var course = Course()
        while true {
            var problems: [Problem] = []
            // Looked for each time: one that was started anew meanwhile is another process.
            for reader in try await find(node) where !course.settled.contains(reader.pid) {
                guard let problem = try problem(reader, node, reached, judge, &course) else { continue }
                problems.append(problem)
            }
            if problems.isEmpty { return }
            if ContinuousClock.now >= deadline { return try giveUp(problems) }
            try await controlPlanes.pause(.seconds(1))
        }
    }

    private func giveUp(_ problems: [Problem]) throws {
        if case .passing = patience {
            for problem in problems { say("\(problem.text). Not waited for: restart it") }
            return
        }
        throw BootstrapError(
            "rotation/not-loaded", status: .proofFailed,
            "\(problems[0].text) after \(Self.seconds) s", hint: problems[0].hint,
            details: problems.dropFirst().map(\.text))
    }

    /// What one is still waited for; nil where it is settled.
    private func problem(
        _ reader: TrustReader, _ node: NodeSpec, _ reached: String,
        _ judge: ([[UInt8]]) -> String?, _ course: inout Course
    ) throws -> Problem? {
        func tell(_ text: String) {
            let line = "\(node.name): \(text)"
            if course.said.insert(line).inserted { say(line) }
        }
        func settle(_ text: String) {
            course.settled.insert(reader.pid)
            tell(text)
        }
        func wait(_ why: String, _ hint: String) -> Problem? {
            let own = "\(node.name)/\(reader.program)"
            guard !accepted.contains(own) else {
                settle("skipped (--accept-laggard): \(reader) \(why)")
                return nil
            }
            tell("waiting for \(reader), which reads the same CA file")
            return Problem(
                text: "\(node.name): \(reader) \(why)",
                hint: "\(hint), then run it again; or continue without it: --accept-laggard \(own)")
        }
        switch reader.place {
        case .unseen(let why): settle("\(reader) cannot be checked: \(why)")
        case .listens(let address, let port):
            let names: [[UInt8]]?
            do {
                // Where it listens may be the node's own loopback.
                let endpoint = APIServerEndpoint(
                    address: address, port: port, tunnel: try controlPlanes.link(node).tunnel?.always)
                names = try TLSHandshakeProbe.handshake(endpoint, trust: .nobody).acceptedCANames
            } catch let error as APIServerError {
                let way = node.local ? "" : " through ssh -W (AllowTcpForwarding)"
                return wait(
                    "cannot be asked: \(error)", "find out why it does not answer there\(way), or stop it")
            }
            switch names {
            case nil: settle("\(reader) asks for no client certificate")
            case []?:
                settle("\(reader) cannot be checked: it does not say whose client certificates it accepts")
            case let names?:
                if let problem = judge(names) {
                    return wait(problem, "restart it when possible")
                }
                settle("\(reader) \(reached)")
            }
        }
        return nil
    }

    // MARK: - Who they are

    /// Prints a line for each process whose command line has the flag: its id, whether its network is this shell's, and
    /// its program's file. One line, as it may go over ssh; the expression does not match itself.
    private static let script =
        "command -v grep >/dev/null || exit 3; own=$(readlink /proc/self/ns/net); "
        + "grep -ls 'requestheader[-_]client[-_]ca[-_]file' /proc/[0-9]*/cmdline | while IFS= read -r file; do "
        + "pid=${file#/proc/}; pid=${pid%/cmdline}; net=$(readlink \"/proc/$pid/ns/net\" 2>/dev/null) || continue; "
        + "[ \"$net\" = \"$own\" ] && net=own || net=other; "
        + "printf '%s %s %s\\n' \"$pid\" \"$net\" \"$(readlink \"/proc/$pid/exe\" 2>/dev/null)\"; done"

    private func find(_ node: NodeSpec) async throws -> [TrustReader] {
        let link = try controlPlanes.link(node)
        let own = try link.units?.unit(controlPlanes.spec.apiServer.unit).mainPID.map { Int($0) }
        let certificates = controlPlanes.spec.certificates
        let file = "\(certificates.directory)/\(certificates.files.ca)"
        return try await Self.processes(on: link.node, name: node.name).filter { $0.pid != own }
            .compactMap { TrustReader($0, reading: file) }
    }

    /// The processes of a node that have the flag somewhere in their command lines.
    static func processes(on node: any NodeTransport, name: String) async throws -> [TrustReader.Process] {
        let result = try await node.run("sh", ["-c", script])
        guard result.status == 0 else {
            throw BootstrapError(
                "rotation/no-processes",
                "\(name): cannot search its processes for those that read the CA file: "
                    + (result.status == 3
                        ? "grep is not installed" : "sh ended with status \(result.status)"),
                hint: "install grep on the node, then run it again")
        }
        return try result.stdout.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard parts.count >= 2, let pid = Int(parts[0]),
                let arguments = try Self.arguments(of: pid, on: node)
            else { return nil }
            return .init(
                pid: pid, arguments: arguments, executable: parts.count > 2 ? parts[2] : nil,
                isInNodeNetwork: parts[1] == "own")
        }
    }

    /// - Returns: nil for a process that is gone by now: a read that was under way ends with an error then.
    private static func arguments(of pid: Int, on node: any NodeTransport) throws -> [String]? {
        do { return try ProcessArguments.read(pid: pid, on: node) } catch {
            guard try node.status("/proc/\(pid)") == nil else { throw error }
            return nil
        }
    }
}
