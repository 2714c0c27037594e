// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Spec
import Synchronization
import Values

/// kubectl with a kubeconfig: the operator's, or one that lies on a control plane.
package struct Kubectl: Sendable {
    /// For messages: `kubectl with PATH`, and where it runs.
    let description: Message
    private let kubeconfig: String
    private let node: any NodeTransport
    private let warnings: KubectlWarnings
    /// How long a request may take.
    private let seconds: Int

    /// Where a control plane keeps its administrator's kubeconfig: kubeadm's, then a user's own.
    private static let placesOnNode = ["/etc/kubernetes/admin.conf", "/root/.kube/config"]

    /// - Parameters:
    ///   - node: where it runs.
    ///   - name: of the node, for messages; nil for this machine.
    ///   - kubeconfig: a path there.
    ///   - seconds: how long a request may take.
    ///   - say: takes a warning of kubectl's, each of them once.
    init(
        node: any NodeTransport = LocalTransport(), name: String? = nil, kubeconfig: String,
        seconds: Int = 20,
        say: @escaping @Sendable (RunNote) -> Void = { _ in }
    ) {
        self.seconds = seconds
        description = "kubectl\(name.map { " on \($0)" } ?? "") with \(kubeconfig)"
        self.node = node
        self.kubeconfig = kubeconfig
        warnings = KubectlWarnings(say)
    }

    private func run(_ arguments: [String], _ seconds: Int) async throws -> CommandResult {
        try await node.run("kubectl", ["--kubeconfig", kubeconfig] + arguments, timeoutSeconds: seconds)
    }

    private func shell(_ arguments: [String], _ seconds: Int) async throws -> CommandResult {
        try await node.run("sh", arguments, timeoutSeconds: seconds)
    }

    /// With the operator's kubeconfig of the spec, which is not tried; nil where the spec names none.
    package static func ofSpec(_ controlPlanes: ControlPlanes, seconds: Int) -> Kubectl? {
        controlPlanes.spec.apiServer.kubeconfig.map { Kubectl(kubeconfig: $0, seconds: seconds) }
    }

    /// The operator's kubeconfig of the spec, else what the first control plane that has one keeps for its administrator.
    /// - Returns: nil where there is none.
    /// - Throws: where the one that the spec names does not work.
    package static func find(_ controlPlanes: ControlPlanes) async throws -> Kubectl? {
        let say: @Sendable (RunNote) -> Void = { [effects = controlPlanes.effects] in
            effects.progress(.line($0))
        }
        if let path = controlPlanes.spec.apiServer.kubeconfig {
            let kubectl = Kubectl(kubeconfig: path, say: say)
            if case .success(nil) = Result(catching: { try LocalTransport().status(path) }) {
                throw BootstrapError(
                    "kubectl/no-kubeconfig", "\(path) (apiServer.kubeconfig) is not on this machine",
                    hint: "copy an administrator's kubeconfig there, or correct the path in the spec")
            }
            try await kubectl.check()
            return kubectl
        }
        for nodeSpec in controlPlanes.nodes {
            let node = try controlPlanes.link(nodeSpec).node
            for path in placesOnNode where try node.status(path)?.kind == .regular {
                let kubectl = Kubectl(node: node, name: nodeSpec.name, kubeconfig: path, say: say)
                if (try? await kubectl.check()) != nil { return kubectl }
            }
        }
        return nil
    }

    /// Whether it may do what a rotation asks of it.
    private func check() async throws {
        _ = try await get(["--raw", "/apis/apiregistration.k8s.io/v1"])
    }

    /// `kubectl get ...`, read as JSON.
    /// - Throws: `kubectl/failed` with what it said.
    package func get(_ arguments: [String]) async throws -> LocatedJSON {
        try parsed(try await output(["get"] + arguments), arguments)
    }

    private func parsed(_ text: String, _ arguments: [String]) throws -> LocatedJSON {
        do {
            return try LocatedJSON.parse(Array(text.utf8), limits: .answers)
        } catch {
            throw BootstrapError(
                "kubectl/not-json", "\(description) get \(arguments.joined(separator: " ")): \(error.message)"
            )
        }
    }

    /// As `get` with `--ignore-not-found`: nil where there is no such object.
    package func find(_ arguments: [String]) async throws -> LocatedJSON? {
        let text = try await output(["get"] + arguments)
        guard text.contains("{") else { return nil }
        return try parsed(text, arguments)
    }

    /// Runs it and returns what it wrote.
    /// - Throws: `kubectl/failed` with what it said.
    @discardableResult
    package func output(_ arguments: [String], timeoutSeconds: Int = 30) async throws -> String {
        let result = try await run(arguments + ["--request-timeout", "\(seconds)s"], timeoutSeconds)
        try require(result, arguments)
        return result.stdout
    }

    /// What it does with a body that it reads from its standard input.
    package enum Sending: String {
        case create
        case delete
    }

    /// `kubectl create --raw PATH -f -`, or delete: one request, with nothing asked of the API beforehand, which an API
    /// that is not available would hold up.
    ///
    /// A ^C at the terminal does not reach it: what is being made or removed must be known.
    /// - Returns: the API server's answer.
    /// - Throws: `kubectl/failed` with what it said.
    @discardableResult
    package func send(_ sending: Sending, _ path: String, _ body: OrderedJSON) async throws -> String {
        let arguments = [sending.rawValue, "--raw", path, "-f", "-"]
        let text = Self.line(body)
        let script = "trap '' INT HUP; body=$1; shift; printf %s \"$body\" | \"$@\""
        let command =
            ["kubectl", "--kubeconfig", kubeconfig] + arguments + ["--request-timeout", "\(seconds)s"]
        let result = try await shell(["-c", script, "sh", text] + command, 30)
        try require(result, arguments)
        return result.stdout
    }

    /// Changes some members of an object (RFC 7386), and only while it is still the version that was read.
    /// - Parameters:
    ///   - object: `KIND NAME` and its namespace, as arguments.
    ///   - resourceVersion: of the object that the change was made for.
    /// - Throws: `kubectl/failed`; its message has `Conflict` where the object has changed since, and `Forbidden` where
    ///   that is not allowed.
    func patch(
        _ object: [String], resourceVersion: String, _ members: [OrderedJSON.Member]
    ) async throws {
        let metadata = OrderedJSON.object([.init("resourceVersion", .text(resourceVersion))])
        let patch = OrderedJSON.object([.init("metadata", metadata)] + members)
        try await output(
            ["patch"] + object + ["--type", "merge", "--patch", Self.line(patch), "--output", "name"])
    }

    /// On one line, as an argument over ssh must be; no secret. A line feed within a text is written as an escape.
    private static func line(_ body: OrderedJSON) -> String {
        body.document.split(separator: "\n").joined(separator: " ")
    }

    /// Sees that it succeeded; what it warns of is told, and is no part of what it read.
    private func require(_ result: CommandResult, _ arguments: [String]) throws {
        guard result.status != 0 else { return warnings.tell(result.stderr, from: description) }
        let text = result.stderr.isEmpty ? result.stdout : result.stderr
        let said: Message =
            text.split(separator: "\n").last.map { Message(verbatim: String($0)) }
            ?? "status \(result.status)"
        throw BootstrapError(
            "kubectl/failed",
            "\(description) cannot \(arguments.prefix(3).joined(separator: " ")): \(said)",
            hint: "check that apiServer.kubeconfig is an administrator's and that kubectl is installed")
    }
}

/// What kubectl writes to its standard error while it succeeds, told once each.
private final class KubectlWarnings: Sendable {
    private let told = Mutex<Set<String>>([])
    private let say: @Sendable (RunNote) -> Void

    init(_ say: @escaping @Sendable (RunNote) -> Void) { self.say = say }

    func tell(_ text: String, from who: Message) {
        for line in text.split(separator: "\n").map(String.init)
        where told.withLock({ $0.insert(line).inserted }) {
            say(.kubectl(client: who, warning: line))
        }
    }
}
