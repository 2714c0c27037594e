// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import PKI
import Planning
import Proofs
import Spec
import SystemdUnits
import TLS
import Values

/// What a CA's rotation waits for, seen from outside: the names in each API server's TLS handshake and in those of the
/// others that read its CA file, and what the API servers tell extension servers in their ConfigMap.
struct RotationGates: Sendable {
    let controlPlanes: ControlPlanes
    /// nil where there is no kubeconfig.
    let kubectl: Kubectl?
    /// As `CARotation.Options.acceptsLaggards`.
    var acceptsLaggards: Set<String>

    /// Removes what the canary of a killed run left, unless somebody still uses it.
    func clearCanaries() async {
        guard let kubectl, let objects = try? await CanaryObjects(kubectl) else { return }
        _ = try? await objects.clearLeftovers()
    }

    /// Waits until every API server, and who else reads its CA file on a control plane, has loaded all of `trusted` and
    /// none of `dropped`.
    /// - Parameter patience: with those others.
    /// - Throws: `rotation/not-loaded` with those that have not.
    func waitForTrust(
        _ trusted: [CAGeneration], without dropped: [CAGeneration], _ patience: TrustGate.Patience,
        _ say: @escaping @Sendable (TrustReaderNote) -> Void
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(TrustGate.seconds)
        let goal: TrustReaderNote.Goal =
            dropped.isEmpty ? .loadsBoth : .trustsNoMore(subjects: dropped.map(\.certificate.subject))
        let gate = TrustGate(
            controlPlanes: controlPlanes, patience: patience, accepted: acceptsLaggards, say: say)
        let results = await onEachNode(controlPlanes.nodes) { node in
            while let problem = self.problem(node, trusted, dropped) {
                guard ContinuousClock.now < deadline else {
                    throw BootstrapError(
                        "rotation/not-loaded", status: .proofFailed,
                        "\(node.name): \(problem) after \(TrustGate.seconds) s",
                        hint: "restart its kube-apiserver when possible, then run it again")
                }
                try await controlPlanes.pause(.milliseconds(500))
            }
            try await gate.wait(on: node, until: deadline, goal: goal) {
                Self.problem($0, trusted, dropped)
            }
        }
        _ = try ControlPlanes.values(controlPlanes.nodes, results)
    }

    /// Why an API server's handshake is not as it must be; nil where it is.
    private func problem(
        _ node: NodeSpec, _ trusted: [CAGeneration], _ dropped: [CAGeneration]
    ) -> Message? {
        let names: [[UInt8]]?
        do {
            guard let connection = try controlPlanes.connection(node) else {
                return "kube-apiserver is not running"
            }
            names = try connection.handshake().acceptedCANames
        } catch {
            return "\(error)"
        }
        guard let names else { return "its TLS handshake names no CA" }
        return Self.problem(names, trusted, dropped).map { "kube-apiserver \($0)" }
    }

    /// What a program has not done whose handshake names these CAs; nil where it has.
    static func problem(
        _ names: [[UInt8]], _ trusted: [CAGeneration], _ dropped: [CAGeneration]
    ) -> Message? {
        if let left = dropped.first(where: { names.contains($0.certificate.subjectDER) }) {
            return "still trusts \(left.certificate.subject)"
        }
        if let missing = trusted.first(where: { !names.contains($0.certificate.subjectDER) }) {
            return "has not loaded \(missing.certificate.subject)"
        }
        return nil
    }

    // MARK: - What extension servers are told

    private var told: PublishedCAs? {
        kubectl.map { kubectl in
            PublishedCAs(kubectl: kubectl) { [effects = controlPlanes.effects] in effects.progress(.line($0))
            }
        }
    }

    /// Waits until extension servers are told to trust all of `trusted`.
    func waitForPublished(_ trusted: [CAGeneration]) async throws {
        guard let told else { return }
        let deadline = ContinuousClock.now + .seconds(TrustGate.seconds)
        while true {
            var why: Message?
            do {
                let published = try await told.fingerprints()
                let missing = trusted.first { !published.contains($0.certificate.fingerprintSHA256) }
                why = missing.map { "does not hold \($0.certificate.subject)" }
            } catch {
                why = "cannot be read: \(ErrorReport(error).message)"
            }
            guard let why else { return }
            guard ContinuousClock.now < deadline else {
                throw BootstrapError(
                    "rotation/not-published", status: .proofFailed,
                    "\(PublishedCAs.name) \(why) after \(TrustGate.seconds) s",
                    hint: "the API servers write it from what they have loaded: look at their logs")
            }
            try await controlPlanes.pause(.seconds(1))
        }
    }

    /// Has the ConfigMap hold `kept` alone, and watches for a while that `dropped` do not come back.
    /// - Throws: `rotation/straggler` where one does: some API server still holds it.
    func prune(_ dropped: [CAGeneration], keeping kept: CAGeneration, watchSeconds: Int) async throws {
        guard let told else { return }
        let gone = Set(dropped.map(\.certificate.fingerprintSHA256))
        // It only ever grows, and may hold more than was on the nodes.
        try await told.keepOnly(kept)
        try await waitForPublished([kept])
        let end = ContinuousClock.now + .seconds(watchSeconds)
        while true {
            let isLast = ContinuousClock.now >= end
            let published: Set<String>
            do { published = try await told.fingerprints() } catch {
                // An API server that does not answer for a moment is no reason to stop; at the end it must have been seen.
                if isLast { throw error }
                try await controlPlanes.pause(.seconds(2))
                continue
            }
            if !published.isDisjoint(with: gone) {
                let subjects = dropped.filter { published.contains($0.certificate.fingerprintSHA256) }
                    .map(\.certificate.subject)
                throw BootstrapError(
                    "rotation/straggler", status: .proofFailed,
                    "\(list: subjects) came back into \(PublishedCAs.name): an API server that is not "
                        + "in the spec still trusts it\(await suspects())",
                    hint:
                        "find it in the endpoints of the Service default/kubernetes, add it to the spec or stop it, "
                        + "then run it again; until then its own aggregated requests fail")
            }
            if isLast { return }
            try await controlPlanes.pause(.seconds(2))
        }
    }

    // MARK: - API servers that the spec does not list

    /// As `ControlPlanes.unlisted`; empty without a kubeconfig.
    func unlisted(_ observed: [ObservedNode]) async throws -> [String] {
        guard let kubectl else { return [] }
        return try await controlPlanes.unlisted(observed, kubectl)
    }

    /// Who it may be, in words.
    private func suspects() async -> Message {
        do {
            let unlisted = try await unlisted(try await controlPlanes.observe())
            return unlisted.isEmpty ? "" : ", perhaps the one at \(list: unlisted)"
        } catch {
            return "; which one could not be found: \(error)"
        }
    }
}
