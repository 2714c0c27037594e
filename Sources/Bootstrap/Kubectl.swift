// SPDX-License-Identifier: Apache-2.0

import ClusterPlan
import NodeAccess

/// kubectl with a kubeconfig: the operator's, or one that lies on a control plane.
struct Kubectl: Sendable {
    /// For messages: `kubectl with PATH`, and where it runs.
    let description: String
    private let run: @Sendable ([String], Int) async throws -> CommandResult

    /// Where a control plane keeps its administrator's kubeconfig: kubeadm's, then a user's own.
    private static let placesOnNode = ["/etc/kubernetes/admin.conf", "/root/.kube/config"]

    /// - Parameter kubeconfig: a path on this machine.
    init(kubeconfig: String) {
        description = "kubectl with \(kubeconfig)"
        run = { arguments, seconds in
            try await CommandRunner.run(
                "kubectl", ["--kubeconfig", kubeconfig] + arguments, timeoutSeconds: seconds)
        }
    }

    private init(node: any NodeTransport, name: String, kubeconfig: String) {
        description = "kubectl on \(name) with \(kubeconfig)"
        run = { arguments, seconds in
            try await node.run(
                "kubectl", ["--kubeconfig", kubeconfig] + arguments, timeoutSeconds: seconds)
        }
    }

    /// The operator's kubeconfig of the spec, else what the first control plane that has one keeps for its administrator.
    /// - Returns: nil where there is none.
    /// - Throws: where the one that the spec names does not work.
    static func find(_ run: Run) async throws -> Kubectl? {
        if let path = run.spec.apiServer.kubeconfig {
            let kubectl = Kubectl(kubeconfig: path)
            try await kubectl.check()
            return kubectl
        }
        for nodeSpec in run.nodes {
            let node = try run.link(nodeSpec).node
            for path in placesOnNode where try node.status(path)?.kind == .regular {
                let kubectl = Kubectl(node: node, name: nodeSpec.name, kubeconfig: path)
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
    func get(_ arguments: [String]) async throws -> LocatedJSON {
        try parsed(try await output(["get"] + arguments), arguments)
    }

    private func parsed(_ text: String, _ arguments: [String]) throws -> LocatedJSON {
        do {
            return try LocatedJSON.parse(Array(text.utf8), limits: .init(bytes: 8 << 20, depth: 200))
        } catch {
            throw BootstrapError(
                "kubectl/not-json", "\(description) get \(arguments.joined(separator: " ")): \(error.message)"
            )
        }
    }

    /// As `get` with `--ignore-not-found`: nil where there is no such object.
    func find(_ arguments: [String]) async throws -> LocatedJSON? {
        let text = try await output(["get"] + arguments)
        guard text.contains("{") else { return nil }
        return try parsed(text, arguments)
    }

    /// Runs it and returns what it wrote.
    /// - Throws: `kubectl/failed` with what it said.
    @discardableResult
    func output(_ arguments: [String], timeoutSeconds: Int = 30) async throws -> String {
        let result = try await run(arguments + ["--request-timeout", "20s"], timeoutSeconds)
        guard result.status == 0 else {
            let said = result.stderr.split(separator: "\n").last.map(String.init) ?? "status \(result.status)"
            throw BootstrapError(
                "kubectl/failed",
                "\(description) cannot \(arguments.prefix(3).joined(separator: " ")): \(said)",
                hint: "see that apiServer.kubeconfig is an administrator's and that kubectl is installed")
        }
        return result.stdout
    }
}

extension LocatedJSON {
    /// A member of an object, the last of its name; nil for anything else.
    subscript(key: String) -> LocatedJSON? {
        guard case .object(let members) = value else { return nil }
        return members.last { $0.key == key }?.value
    }

    /// The elements of an array; empty for anything else.
    var elements: [LocatedJSON] {
        if case .array(let elements) = value { return elements }
        return []
    }

    var text: String? {
        if case .string(let text) = value { return text }
        return nil
    }

    var integer: Int? {
        if case .number(let text) = value { return Int(text) }
        return nil
    }
}
