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
            context.say(.preflight(.againAfterwards(since: terms.since)))
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
                    "the rotation that began at \(terms.since) is being aborted and almost finished",
                    hint: "finish that with rotate --abort, then run this again")
            }
            (escalated.keep, escalated.retire, escalated.direction) = (new.id, [terms.keep], .forward)
        }
        let certificates = run.spec.certificates
        escalated.again =
            try options.cause == .compromisedCA
            || context.ledger.hasPushedKeys(to: "\(certificates.directory)/\(certificates.files.key)")
        try context.ledger.append(escalated, now: run.effects.now())
        context.say(.preflight(.emergencyOrder))
        return escalated
    }

    /// Names the extension servers that will refuse requests, and why that is not waited for.
    func goOn(without laggards: [ExtensionServers.Laggard], _ keep: CAGeneration) {
        for laggard in laggards {
            let isVouchedFor = laggard.trustsPrevious && CrossSigning(context).vouching(keep) != nil
            context.say(.extensions(.notWaitedFor(StageNote.Server(laggard), isVouchedFor: isVouchedFor)))
        }
        context.say(.extensions(laggards.isEmpty ? .reached : .reachedWithout(laggards.count)))
    }

    /// Who may be left behind in an emergency: what was given for other days, as to a timer, says nothing about it.
    var emergencyLaggards: Set<String> { options.cause.isCompromise ? options.acceptsLaggards : [] }

    /// Sees that no extension server trusts what was dropped.
    /// - Parameter named: those whose name a client CA has too: who trusts that one names it for ever.
    /// - Throws: `rotation/still-trusted`; the rotation stays open then.
    func seeDistrusted(
        _ all: [CAGeneration], butNot named: [CAGeneration], _ kubectl: Kubectl?
    ) async throws {
        if kubectl != nil, !named.isEmpty {
            context.say(.proof(.cannotBeTold(subjects: named.map(\.certificate.subject))))
        }
        let retired = all.filter { !named.contains($0) }
        guard let kubectl else {
            context.say(.proof(.extensionsNotSeen))
            return
        }
        context.say(.proof(.waitsForExtensions))
        let accepted = emergencyLaggards
        let all = try await ExtensionServers(controlPlanes: run.controlPlanes, kubectl: kubectl).trusting(
            retired, notWaitingFor: accepted, seconds: ExtensionServers.seconds)
        for laggard in all where accepted.contains(laggard.service) {
            context.say(.proof(.skipped(StageNote.Server(laggard))))
        }
        let left = all.filter { !accepted.contains($0.service) }
        guard let first = left.first else { return }
        throw BootstrapError(
            "rotation/still-trusted", status: .proofFailed,
            "the extension API server \(first.endpoint) of \(first.service): \(first.why); anyone with the old key can call it "
                + "as any user",
            hint:
                "restart it or stop it, then run it again; the API servers refuse the old key already. To continue without it: "
                + "--compromised with --accept-laggard \(first.service)",
            details: left.dropFirst().map { "\($0.endpoint) of \($0.service): \($0.why)" })
    }

    /// Subjects of the requestheader CAs that are client CAs too: as such they stay.
    private static func clientCAs(_ observed: [ObservedNode]) -> [String] {
        let clients = Set(observed.compactMap(\.clientCA).flatMap(\.certificates).map(\.publicKeySHA256))
        let shared = observed.flatMap(\.requestHeaderCAs).flatMap(\.certificates)
            .filter { clients.contains($0.publicKeySHA256) }
        return Set(shared.map(\.subject)).sorted()
    }

    /// For the operator, before anything is changed.
    /// - Returns: nil without a compromise.
    func blastRadius(_ observed: [ObservedNode]) async throws -> BlastRadius? {
        let cause =
            try context.open().map { $0.cause.isCompromise ? $0.cause : options.cause } ?? options.cause
        guard cause.isCompromise else { return nil }
        let services: [BlastRadius.Service]?
        if let kubectl = try await Kubectl.find(run.controlPlanes) {
            let servers = ExtensionServers(controlPlanes: run.controlPlanes, kubectl: kubectl)
            let (backends, endpoints) = (try await servers.backends(), try await servers.endpoints())
            services = backends.map { backend in
                BlastRadius.Service(
                    name: backend.name, service: backend.service,
                    places: endpoints.filter { $0.service == backend.service }.map(\.place),
                    isAvailable: backend.isAvailable)
            }
        } else {
            services = nil
        }
        return BlastRadius(
            cause: cause, services: services, seconds: Self.emergencySeconds,
            clientCAs: Self.clientCAs(observed))
    }
}

extension StageNote.Server {
    init(_ laggard: ExtensionServers.Laggard) {
        self.init(endpoint: laggard.endpoint, service: laggard.service, why: laggard.why)
    }
}
