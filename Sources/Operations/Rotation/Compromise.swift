// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Proofs
import Spec
import StateStore
import TLS
import Values

/// What is different where somebody else may have a key: nothing is waited for that does not keep the API servers
/// themselves from harm, and at the end nobody may trust the old CA.
struct Compromise: Sendable {
    let context: RotationContext
    private var run: Run { context.run }
    private var options: RotationOptions { context.options }

    init(_ context: RotationContext) { self.context = context }

    /// How long extension servers are given to load the new CA before their requests begin to fail; those that watch the
    /// ConfigMap need less. Seconds.
    static let emergencySeconds = 10

    /// The terms of an open rotation, with the cause that this run gives it.
    ///
    /// One that was called off goes forward again: it would end with the CA that is not to be trusted. The CA that it goes
    /// to was made before anybody knew, and is replaced in its turn where its keys may be known too.
    func escalated(_ terms: RotationTerms, _ inventory: StateInventory) throws -> RotationTerms {
        guard options.cause.isCompromise else { return terms }
        guard !terms.cause.isCompromise else {
            context.say(
                .preflight, "for what others may have got since \(terms.since), run it once more afterwards")
            return terms
        }
        var escalated = terms
        escalated.cause = options.cause
        if terms.direction == .back {
            guard let new = terms.retire.first.flatMap(inventory.generation), new.standing == .issued,
                new.hasKey
                    || run.nodes.allSatisfy({
                        inventory.leaf(of: LeafOwner.of($0, in: run.spec), signedBy: new) != nil
                    })
            else {
                throw BootstrapError(
                    "rotation/called-off",
                    "the rotation that was begun at \(terms.since) was called off and is about to end",
                    hint: "bring that to its end with rotate --abort, then run this again")
            }
            (escalated.keep, escalated.retire, escalated.direction) = (new.id, [terms.keep], .forward)
        }
        let certificates = run.spec.certificates
        escalated.again =
            try options.cause == .compromisedCA
            || context.ledger.hasPushedKeys(to: "\(certificates.directory)/\(certificates.files.key)")
        try context.ledger.append(escalated, now: run.effects.now())
        context.say(.preflight, "from here on in the order of an emergency")
        return escalated
    }

    /// Names the extension servers that will refuse requests, and why that is not waited for.
    func goOn(without laggards: [ExtensionServers.Laggard], _ keep: CAGeneration) {
        for laggard in laggards {
            let isVouchedFor = laggard.trustsPrevious && CrossSigning(context).vouching(keep) != nil
            context.say(
                .extensions,
                "\(laggard.endpoint) of \(laggard.service): \(laggard.why). Not waited for: restart it, since until then it "
                    + (isVouchedFor ? "" : "answers 401 and ") + "trusts whoever has the old key")
        }
        context.say(.extensions, laggards.isEmpty ? "reached" : "left behind: \(laggards.count)")
    }

    /// Who may be left behind in an emergency: what was given for other days, as to a timer, says nothing about it.
    var emergencyLaggards: Set<String> { options.cause.isCompromise ? options.acceptsLaggards : [] }

    /// Sees that no extension server trusts what was dropped.
    /// - Throws: `rotation/still-trusted`; the rotation stays open then.
    func seeDistrusted(_ retired: [CAGeneration], _ kubectl: Kubectl?) async throws {
        guard let kubectl else {
            context.say(
                .proof, "whether extension servers still trust the old CA is not seen: there is no kubeconfig"
            )
            return
        }
        context.say(.proof, "no extension server is to trust the old CA")
        let accepted = emergencyLaggards
        let all = try await ExtensionServers(controlPlanes: run.controlPlanes, kubectl: kubectl).trusting(
            retired, notWaitingFor: accepted, seconds: ExtensionServers.seconds)
        for laggard in all where accepted.contains(laggard.service) {
            context.say(
                .proof,
                "passed over as asked: \(laggard.endpoint) of \(laggard.service): \(laggard.why), and whoever has the old key"
            )
        }
        let left = all.filter { !accepted.contains($0.service) }
        guard let first = left.first else { return }
        throw BootstrapError(
            "rotation/still-trusted", status: .proofFailed,
            "the extension server \(first.endpoint) of \(first.service): \(first.why); whoever has the old key can call it "
                + "as anyone",
            hint:
                "restart it or stop it, then run it again; the API servers refuse the old key already. Without it: "
                + "--compromised with --accept-laggard \(first.service)",
            details: left.dropFirst().map { "\($0.endpoint) of \($0.service): \($0.why)" })
    }

    /// What an emergency's rotation will break, and what is open until it is done; for the operator, before anything is
    /// changed. Empty without a compromise.
    func blastRadius() async throws -> [String] {
        let cause =
            try context.open().map { $0.cause.isCompromise ? $0.cause : options.cause } ?? options.cause
        let key: String
        switch cause {
        case .asked: return []
        case .compromisedLeaf: key = "a proxy client's key"
        case .compromisedCA: key = "the CA's key"
        }
        var lines = [
            "whoever has \(key) is every user on every API server and extension server, system:masters included, until the "
                + "old CA is trusted nowhere; there is no list of revoked certificates, so the CA is replaced"
        ]
        guard let kubectl = try await Kubectl.find(run.controlPlanes) else {
            return lines + [
                "  which APIServices will fail meanwhile cannot be told: there is no kubeconfig (apiServer.kubeconfig)"
            ]
        }
        let servers = ExtensionServers(controlPlanes: run.controlPlanes, kubectl: kubectl)
        let (backends, endpoints) = (try await servers.backends(), try await servers.endpoints())
        guard !backends.isEmpty else {
            return lines + ["  no APIService has a server of its own: nothing will fail"]
        }
        lines.append(
            "these answer 401 from S4 on until their servers have loaded the new CA, for which they are given "
                + "\(Self.emergencySeconds) s; restart those that S3 names:")
        for backend in backends {
            let places = endpoints.filter { $0.service == backend.service }.map(\.place)
            lines.append(
                "  \(backend.name): \(backend.service) at \(places.isEmpty ? "no endpoint" : places.joined(separator: ", "))"
                    + (backend.isAvailable ? "" : ", not available now"))
        }
        return lines
    }
}
