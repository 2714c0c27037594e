// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import PKI
import Planning
import Spec
import Values

/// Turns what the canary saw of each control plane into proofs.
struct CanaryProver {
    let controlPlanes: ControlPlanes
    let now: UnixTime

    static let path = "canary"
    static let certificate = "presented-certificate"

    /// The trust bundle and the leaf that lie on a node.
    struct Installed: Sendable {
        let node: String
        let bundle: [Certificate]
        let leaf: Certificate?
        /// Why its trust bundle or its leaf cannot be read; nil where they can, or are not there.
        var unreadable: Message?
    }

    /// Both proofs with the same reason.
    static func notProven(_ why: Message) -> [Proof] {
        [Proof(path, .notProven, why), Proof(certificate, .notProven, "no request came through")]
    }

    func installed() throws -> [Installed] {
        let certificates = controlPlanes.spec.certificates
        return try controlPlanes.nodes.map { node in
            let transport = try controlPlanes.link(node).node
            var unreadable: Message?
            func read(_ file: String) throws -> [Certificate] {
                let path = "\(certificates.directory)/\(file)"
                guard let pem = try transport.read(path) else { return [] }
                do { return try controlPlanes.reader.bundle(pem: pem, path: path) } catch {
                    unreadable = unreadable ?? "\(error)"
                    return []
                }
            }
            let bundle = try read(certificates.files.ca)
            let leaf = try read(certificates.files.certificate).first
            return Installed(node: node.name, bundle: bundle, leaf: leaf, unreadable: unreadable)
        }
    }

    func proofs(_ node: NodeSpec, _ outcome: CanaryAnswer, _ installed: [Installed]) -> [Proof] {
        switch outcome {
        case .notReached(let why): Self.notProven(why)
        case .seen(let sighting): [roundTrip(sighting), presented(node, sighting, installed)]
        }
    }

    private func roundTrip(_ sighting: CanarySighting) -> Proof {
        let groups = sighting.groups.joined(separator: ", ")
        guard sighting.isAnswered else {
            return Proof(
                Self.path, .failed,
                "a request came through its aggregator, but the answer did not reach the client")
        }
        guard sighting.users.count == 1, let user = sighting.users.first, !user.isEmpty else {
            return Proof(
                Self.path, .failed, "a request did not name one user: X-Remote-User: \(sighting.users)"
            )
        }
        if let expected = sighting.expectedUser, user != expected {
            return Proof(Self.path, .failed, "a request of \(expected) came as one of \(user)")
        }
        guard sighting.groups.contains("system:authenticated") else {
            return Proof(Self.path, .failed, "\(user) came without the group system:authenticated: \(groups)")
        }
        return Proof(
            Self.path, .passed,
            "a request went through its aggregator to this machine and back: \(user) in \(groups)")
    }

    private func presented(_ node: NodeSpec, _ sighting: CanarySighting, _ installed: [Installed]) -> Proof {
        func failed(_ text: Message) -> Proof { Proof(Self.certificate, .failed, "it presented \(text)") }
        guard !sighting.presented.isEmpty else {
            return failed(
                "no certificate: --proxy-client-cert-file and --proxy-client-key-file are not in use")
        }
        let chain: [Certificate]
        do { chain = try sighting.certificates() } catch {
            return failed("a certificate that cannot be read: \(error)")
        }
        let leaf = chain[0].summary
        let name: Message = "\(leaf.subject), serial \(leaf.serial), issued by \(leaf.issuer)"
        let onDisk = installed.first { $0.node == node.name }?.leaf?.summary
        let isOnDisk = leaf.fingerprintSHA256 == onDisk?.fingerprintSHA256
        let other: Message =
            isOnDisk
            ? "" : "; the node's file has serial \(onDisk?.serial ?? "(none)"), which it has not loaded"
        // An API server with such a bundle goes on with what it has loaded, and does not start again.
        if let broken = installed.first(where: { $0.unreadable != nil }), let why = broken.unreadable {
            return failed("\(name), which cannot be verified on \(broken.node): \(why)\(other)")
        }
        let bundles = installed.filter { !$0.bundle.isEmpty }
        guard !bundles.isEmpty else {
            return Proof(
                Self.certificate, .notProven,
                "it presented \(name), and no control plane has a CA to verify it")
        }
        for peer in bundles {
            if let why = refusal(chain, peer.bundle) {
                return failed("\(name), which does not verify on \(peer.node): \(why)\(other)")
            }
        }
        let allowed = controlPlanes.spec.requestHeader.allowedNames
        guard allowed.containsBytes(leaf.commonName ?? "") else {
            return failed("\(name), which is not in \(list: allowed)\(other)")
        }
        guard isOnDisk else { return failed(name + other) }
        return Proof(
            Self.certificate, .passed,
            "\(name), is the certificate of the node's file, and verifies on \(list: bundles.map(\.node))")
    }

    /// Why an API server with that bundle would not take the chain; nil where it would.
    private func refusal(_ chain: [Certificate], _ bundle: [Certificate]) -> Message? {
        do {
            try ChainVerifier.verify(
                leaf: chain[0], intermediates: Array(chain.dropFirst()), bundle: bundle, at: now)
            return nil
        } catch {
            return error.underlying
        }
    }
}

extension ControlPlanes {
    /// Proves the whole path of an aggregated request through each control plane, and adds that to what else was proved.
    ///
    /// It makes temporary API objects, and removes them whatever happens, also when it is asked to stop.
    /// - Parameter observed: what was seen of the nodes a moment ago.
    /// - Throws: `canary/exists`, `canary/running`, `canary/stopped`, `canary/left-behind`; all else is a proof that
    ///   could not be made.
    package func proveCanary(
        _ proofs: [NodeProofs], observed: [ObservedNode], address: CanaryAddress?
    ) async throws -> [NodeProofs] {
        guard access == .live else {
            throw BootstrapError(
                "usage/canary-offline", status: .usage,
                "--canary and --root are both given: a canary needs a running cluster",
                hint: "remove one of them")
        }
        let signals = StopRequest(promise: .canary) { [effects] in
            effects.progress(.line($0))
        }
        defer { signals.restore() }
        let made = try await canaryProofs(observed, address) { signals.isStopped }
        return proofs.map { node in
            var node = node
            node.proofs += made[node.node] ?? []
            return node
        }
    }

    private func canaryProofs(
        _ observed: [ObservedNode], _ address: CanaryAddress?, isStopped: @escaping @Sendable () -> Bool
    ) async throws -> [String: [Proof]] {
        func notProven(_ why: Message) -> [String: [Proof]] {
            Dictionary(nodes.map { ($0.name, CanaryProver.notProven(why)) }) { first, _ in first }
        }
        let canary: Canary
        do {
            guard let kubectl = try await Kubectl.find(self) else {
                return notProven("there is no kubeconfig: set apiServer.kubeconfig to an administrator's")
            }
            canary = try await Canary.open(
                self, kubectl, observed: observed, address: address, isStopped: isStopped)
        } catch {
            // A ^C ends kubectl where it only reads.
            if isStopped() { throw Canary.stopped }
            let report = ErrorReport(error)
            if report.code.hasPrefix("canary/") || report.code.hasPrefix("usage/") { throw error }
            return notProven(report.message)
        }
        let prover = CanaryProver(controlPlanes: self, now: effects.now())
        let proofs: [(String, [Proof])]
        do {
            let installed = try prover.installed()
            let results = await onEachNode(nodes) { node in try await canary.probe(node) }
            proofs = try zip(nodes, results).map { node, result in
                (node.name, prover.proofs(node, try result.get(), installed))
            }
        } catch {
            throw await canary.close(after: error)
        }
        try await canary.close()
        return Dictionary(proofs) { first, _ in first }
    }
}
