// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import PKI
import Planning
import Spec
import SystemdBus
import SystemdUnits
import TLS
import Values

/// The control planes that a run is about, and the ways to them.
package struct ControlPlanes: Sendable {
    package private(set) var spec: ClusterSpec
    /// Those of the spec that the run is about, in its order.
    package private(set) var nodes: [NodeSpec]
    package let access: ObservedNode.Access
    package let effects: Effects
    package let reader: CertificateReader
    let links: NodeLinks
    /// What stands in for files that a node does not have.
    let given: GivenFiles
    /// What tells whether the run was asked to stop, where somebody listens already.
    package var stop: StopRequest? {
        didSet { links.listen(to: stop) }
    }

    /// Files of the command line that stand in for those of a node.
    package struct GivenFiles: Sendable {
        /// The unit; nil for the node's own.
        var unit: GivenBase?
        /// Environment files of the unit, by their path on a node.
        var environment: [String: GivenFile] = [:]

        package init(unit: GivenBase?, environment: [String: GivenFile] = [:]) {
            self.unit = unit
            self.environment = environment
        }
    }

    /// - Parameter root: the directory of offline trees; nil where the control planes are live.
    package init(
        _ spec: ClusterSpec, nodes: [NodeSpec], root: String?, given: GivenFiles, reader: CertificateReader,
        effects: Effects
    ) {
        (self.spec, self.nodes, self.given, self.reader) = (spec, nodes, given, reader)
        self.effects = effects
        access = root == nil ? .live : .offline
        links = NodeLinks(root: root, spec.apiServer.managedBy, effects)
    }

    /// The same, of some of the nodes alone; the connections are shared.
    package func limited(to names: [String]) -> ControlPlanes {
        var limited = self
        limited.nodes = nodes.filter { names.contains($0.name) }
        return limited
    }

    /// The same with other allowed names in the spec.
    package func allowing(_ names: [String]) -> ControlPlanes {
        var others = self
        others.spec.requestHeader.allowedNames = names
        return others
    }

    /// Whether one of them is reached over the network.
    package var areRemote: Bool { access == .live && spec.nodes.contains { !$0.local } }

    package func link(_ node: NodeSpec) throws -> NodeLink { try links.link(node) }

    /// What went to each node that was reached over the network, and came back.
    package var traffic: [(name: String, traffic: NodeTraffic)] {
        nodes.compactMap { node in links.made(node)?.node.traffic.map { (node.name, $0) } }
    }

    /// How the running API server of a node is asked now; nil where none runs.
    package func connection(_ node: NodeSpec) throws -> APIServerConnection? {
        let link = try link(node)
        guard let flags = try link.runningFlags(of: spec.apiServer.unit) else { return nil }
        return try APIServerConnection(spec: spec, nodeSpec: node, flags: flags, link: link)
    }

    private var lacksRoot: Bool { access == .live && nodes.contains(where: \.local) && !LocalHost.isRoot }

    /// Reading and changing this machine takes root.
    package func checkReach() throws {
        guard lacksRoot else { return }
        throw BootstrapError(
            "run/needs-root",
            "a live run needs root: it reads keys, writes below /etc and asks systemd to restart",
            hint: "run it with sudo, or work offline with --root DIR")
    }

    // MARK: - Observing

    /// Observes every node at once; changes nothing.
    package func observe() async throws -> [ObservedNode] {
        try checkReach()
        return try Self.values(nodes, await onEachNode(nodes) { node in try await observe(node) })
    }

    /// The same, where a node that cannot be read keeps none of the others back.
    package func observeEach() async -> [(NodeSpec, Result<ObservedNode, any Error>)] {
        Array(zip(nodes, await onEachNode(nodes) { node in try await observe(node) }))
    }

    /// Reads one node, over a connection that is made where there is none yet.
    package func observe(_ node: NodeSpec) async throws -> ObservedNode {
        let observer = Observer(
            spec: spec, access: access, link: try link(node), reader: reader, baseUnit: given.unit,
            baseFiles: given.environment, now: effects.now)
        return try await observer.observe(node)
    }

    /// Whether each of `nodes` serves now: its unit and its API server are asked, and nothing else is read.
    package func health(of nodes: [NodeSpec]) async -> [(name: String, health: ControlPlaneHealth)] {
        let results = await onEachNode(nodes) { node in try await health(node) }
        return zip(nodes, results).map { node, result in
            switch result {
            case .success(let health): (node.name, health)
            case .failure(let error): (node.name, .unhealthy(Self.located(error, on: node).message))
            }
        }
    }

    private func health(_ node: NodeSpec) async throws -> ControlPlaneHealth {
        guard let unit = try await link(node).units?.settledUnit(spec.apiServer.unit) else {
            return .unhealthy("it is offline")
        }
        let readiness = unit.activity == .running ? try await connection(node)?.readiness() : nil
        return ControlPlaneHealth(
            activity: unit.activity, state: spec.apiServer.isExternal ? nil : unit.text,
            readiness: readiness)
    }

    /// What a spec must say of each control plane.
    /// - Throws: also `adopt/no-process`, `adopt/needs-root`, `process/several`, `process/distribution`.
    package func adopt() async throws -> [AdoptedServer] {
        guard !lacksRoot else {
            throw BootstrapError(
                "run/needs-root", "reading the kube-apiserver of this machine needs root",
                hint: "run it with sudo, or name the control planes with --ssh USER@HOST")
        }
        let results = await onEachNode(nodes) { node in
            try await AdoptionReader(node: try link(node).node, reader: reader).read(node)
        }
        return try Self.values(nodes, results)
    }

    // MARK: - Waiting

    /// Waits, and no longer once the run was asked to stop.
    /// - Throws: `rotation/stopped`.
    package func pause(_ duration: Duration) async throws {
        let end = ContinuousClock.now + duration
        while true {
            try refuseStopped()
            let rest = end - .now
            guard rest > .zero else { return }
            try await Task.sleep(for: min(rest, .milliseconds(100)))
        }
    }

    /// - Throws: `rotation/stopped` where the run was asked to stop.
    package func refuseStopped() throws {
        guard stop?.isStopped == true else { return }
        throw BootstrapError(
            "rotation/stopped", status: .failed, "stopped as asked",
            hint: "run aggbootstrap rotate --ca again: it continues from here")
    }

    // MARK: - Locks

    /// Locks every node of the cluster that `names` has, so that no two runs restart two control planes at once.
    ///
    /// The first one alone at first: of two runs at once, one goes on.
    package func lock(_ names: [String]) async throws -> [any NodeLock] {
        guard access == .live else { return [] }
        let nodes = spec.nodes.filter { names.contains($0.name) }
        let token = Hex.text(try SerialNumber.random().bytes)
        let holder = LockHolder(token: token, now: effects.now())
        var locks: [any NodeLock] = []
        for part in [nodes.prefix(1), nodes.dropFirst()] {
            let results = await onEachNode(Array(part)) { node in try link(node).node.lock(holder) }
            locks += results.compactMap { try? $0.get() }
            do { _ = try Self.values(Array(part), results) } catch {
                for lock in locks { lock.release() }
                throw error
            }
        }
        return locks
    }

    // MARK: - Errors

    /// Puts the node's name in front of what happened there, once.
    package static func located(_ error: any Error, on node: NodeSpec) -> BootstrapError {
        if let located = error as? BootstrapError, located.message.description.hasPrefix("\(node.name): ") {
            return located
        }
        return BootstrapError(extending: error) { "\(node.name): \($0)" }
    }

    /// What became of each node, where nothing failed on any.
    /// - Throws: the first failure, with the others behind it.
    package static func values<T>(_ nodes: [NodeSpec], _ results: [Result<T, any Error>]) throws -> [T] {
        var (values, failures): ([T], [BootstrapError]) = ([], [])
        for (node, result) in zip(nodes, results) {
            switch result {
            case .success(let value): values.append(value)
            case .failure(let error): failures.append(located(error, on: node))
            }
        }
        guard let first = failures.first else { return values }
        throw BootstrapError(extending: first, details: failures.dropFirst().map(\.message))
    }
}
