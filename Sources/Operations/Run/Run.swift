// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import LocalFiles
import NodeAccess
import PKI
import Planning
import Proofs
import Spec
import StateStore
import Values

/// One run on one cluster: what every command shares before it does its own work.
package struct Run: Sendable {
    package internal(set) var controlPlanes: ControlPlanes
    package let state: StateDirectory
    package internal(set) var request: RunRequest
    /// Which spec and state are used, and who says so; a line each.
    package let origins: [Message]
    /// What to tell the operator before the plan.
    package let notices: [Notice]
    /// What every new pair must pass in this run; nil where the API server's own word is enough.
    var pairGate: PairGate.Terms?
    /// Whether the cluster itself is asked before a change; a plan that is made a second time has its word already.
    var asksCluster = true

    package var spec: ClusterSpec { controlPlanes.spec }
    package var nodes: [NodeSpec] { controlPlanes.nodes }
    var access: ObservedNode.Access { controlPlanes.access }
    var effects: Effects { controlPlanes.effects }
    var reader: CertificateReader { controlPlanes.reader }

    /// Reads the spec and what else the request names; touches no node.
    /// - Throws: `SpecProblems`, or `BootstrapError` with the exit status of its kind.
    package init(_ request: RunRequest, effects: Effects) throws {
        try Self.checkPaths(request)
        try RunRoot.check(request.root, request.needs)
        let (spec, embedded): (ClusterSpec, Bool)
        if let file = try SpecLoader.find(request.specFile) {
            spec = try SpecLoader.load(file)
            embedded = false
        } else if request.root != nil {
            spec = try ClusterSpec.parse(Array(EmbeddedDefault.spec.utf8), fileName: EmbeddedDefault.fileName)
            embedded = true
        } else {
            throw BootstrapError(
                "usage/no-spec", status: .usage,
                "no spec was found: $AGGBOOTSTRAP_SPEC is not set, and neither ./aggbootstrap.json nor "
                    + "/etc/aggbootstrap/cluster.json is there",
                hint:
                    "give it with --spec FILE; aggbootstrap spec adopt writes the spec of a cluster that exists, spec init a "
                    + "new one; or try the embedded one offline with init --root DIR")
        }
        try self.init(
            spec, from: SpecLoader.origin(request.specFile) ?? "the embedded one-node example",
            embedded: embedded, request, effects)
    }

    /// With a spec that need not be in a file.
    /// - Parameter origin: where it comes from.
    init(
        _ spec: ClusterSpec, from origin: Message, embedded: Bool = false, _ request: RunRequest,
        _ effects: Effects
    ) throws {
        self.request = request
        if spec.apiServer.isExternal, request.baseUnitFile != nil || !request.baseFiles.isEmpty {
            throw BootstrapError(
                "usage/base-unit-external", status: .usage,
                "--base-unit and --base-file are for kube-apiservers that a systemd unit runs, and apiServer.managedBy is \"external\"",
                hint: "leave them out")
        }
        try RunRoot.checkTrees(request.root, request.needs, spec.nodes)
        let given = GivenUnit(request: request, unit: spec.apiServer.unit)
        let reader = CertificateReader()
        controlPlanes = ControlPlanes(
            spec, nodes: try Self.limited(spec.nodes, request), root: request.root,
            given: .init(
                unit: try given.baseUnit(embedded: embedded), environment: try given.baseFiles()),
            reader: reader, effects: effects)
        let place = StatePlace(spec, state: request.state, root: request.root)
        let path = place.path
        try Self.checkState(path, request.root, spec.nodes)
        origins = [
            "spec: \(origin)", "state: \(place.origin)",
        ]
        state = StateDirectory(
            path: path, cluster: spec.cluster, passphrase: request.passphrase, reader: reader)
        var notices: [Notice] = []
        if embedded {
            notices.append(
                Notice(
                    code: "run/embedded-spec", node: nil,
                    message: "no spec was given, so this uses the embedded one-node example"))
        }
        if let notice = place.notice { notices.append(notice) }
        if let root = request.root, path == "\(root)/.state" {
            notices.append(
                Notice(
                    code: "run/key-in-root", node: nil,
                    message:
                        "\(path) \(try FileStatus.of(path) == nil ? "will hold" : "holds") the \(spec.certificates.ca.leavesKeyHere ? "CA's private key" : "proxy clients' private keys"): "
                        + "protect it, or keep it elsewhere with --state DIR"))
        }
        self.notices = notices
    }

    func link(_ node: NodeSpec) throws -> NodeLink { try controlPlanes.link(node) }

    /// The same run on some of its nodes alone.
    func limited(to names: [String]) -> Run {
        var run = self
        run.request.limit = names
        run.controlPlanes = controlPlanes.limited(to: names)
        return run
    }

    // MARK: - Parts

    /// An empty path, as an unset variable in a script gives it, would mean this machine's own root.
    private static func checkPaths(_ request: RunRequest) throws {
        let paths = [("--spec", request.specFile), ("--root", request.root), ("--state", request.state)]
        for (option, path) in paths where path == "" {
            throw BootstrapError(
                "usage/empty-path", status: .usage, "\(option) is given an empty path",
                hint: "check that the shell variable in it is set")
        }
    }

    /// The parts of an absolute path to the same place, which no link is one of.
    private static func real(_ path: String) throws -> [String] {
        try NodeRoot.machine.follow(RunRoot.whole(path)).pathComponents
    }

    /// A node's tree is copied to the node, with all that is in it.
    private static func checkState(_ state: String, _ root: String?, _ nodes: [NodeSpec]) throws {
        guard let root else { return }
        let place = try real(state).bytes
        for node in nodes where try place.starts(with: real("\(root)/\(node.name)").bytes) {
            throw BootstrapError(
                "usage/state-in-tree", status: .usage,
                "the state directory \(state) is within the files of \(node.name): its private keys would be copied to the "
                    + "node with them",
                hint: "use a directory outside of \(root)/\(node.name) with --state")
        }
    }

    private static func limited(_ nodes: [NodeSpec], _ request: RunRequest) throws -> [NodeSpec] {
        let limit = request.limit
        for (option, names) in [("--accept-unhealthy", request.acceptsUnhealthy), ("--limit", limit)] {
            for name in names where !nodes.contains(where: { $0.name == name }) {
                throw BootstrapError(
                    "usage/unknown-node", status: .usage,
                    name.isEmpty
                        ? "\(option) is given an empty name"
                        : "\(option) names \(name), which is not a node of the spec",
                    hint: "the nodes are \(list: nodes.map(\.name))")
            }
        }
        return limit.isEmpty ? nodes : nodes.filter { limit.contains($0.name) }
    }
}
