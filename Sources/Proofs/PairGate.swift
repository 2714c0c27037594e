// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import PKI
import Planning
import Spec
import SystemdBus
import TLS
import Values

/// What a control plane's new proxy-client pair must pass before the next control plane gets one: every API server
/// takes it for an aggregator's, this one serves, and this one has had the chance to load it.
package struct PairGate: Sendable {
    package struct Terms: Sendable {
        /// How long a kube-apiserver that reads its files each minute is given to do so, of which it shows nothing; seconds.
        var reloadSeconds: Int
        /// nil where no canary looks at what is presented.
        var witness: PairWitness?
        /// nil where nobody asks whether extension APIs answer.
        var services: ServiceCheck?

        package init(reloadSeconds: Int, witness: PairWitness? = nil, services: ServiceCheck? = nil) {
            self.reloadSeconds = reloadSeconds
            self.witness = witness
            self.services = services
        }
    }

    let controlPlanes: ControlPlanes
    let terms: Terms

    package init(controlPlanes: ControlPlanes, terms: Terms) {
        self.controlPlanes = controlPlanes
        self.terms = terms
    }

    /// How long the file watches of one from 1.23 on are waited for; seconds.
    private static let watchSeconds = 15
    /// How long the API servers are given to take the pair; they trusted its CA before.
    private static let acceptSeconds = 15

    /// - Throws: what the pair does not pass, and on which control plane.
    package func pass(_ node: NodeSpec, _ progress: NodeProgress) async throws {
        guard let own = try controlPlanes.connection(node), let pair = try own.identity else {
            throw BootstrapError("rotation/no-process", "kube-apiserver is not running any more")
        }
        progress.step(.checkingAcceptance)
        for receiver in controlPlanes.spec.nodes {
            let connection = receiver == node ? own : try controlPlanes.connection(receiver)
            // One that the layer is not on yet takes nobody's word for a user.
            guard let connection, connection.hasRequestHeaderCA else { continue }
            try await accepts(pair, receiver, connection)
        }
        let fingerprint = try controlPlanes.reader.bundle(
            pem: pair.certificatePEM, path: "the new certificate")[0]
            .summary
            .fingerprintSHA256
        try await loaded(node, own, fingerprint, progress)
        let readiness = await own.readiness()
        if case .notReady(let checks) = readiness {
            throw BootstrapError(
                "rotation/not-ready",
                "kube-apiserver is not ready with the new certificate: \(list: checks)")
        }
        if let services = terms.services, services.count(through: node) > 0 {
            progress.step(.checkingExtensionAPIs)
            try await services.check(node)
        }
    }

    /// Why a pair that passed before would not pass now: asked once, without waiting. nil where it would.
    package func refusal(_ node: NodeSpec) async -> Message? {
        do {
            guard let own = try controlPlanes.connection(node), let pair = try own.identity else {
                return nil
            }
            for receiver in controlPlanes.spec.nodes {
                let connection = receiver == node ? own : try controlPlanes.connection(receiver)
                guard let connection, connection.hasRequestHeaderCA else { continue }
                let outcome = try connection.outcome(of: pair, as: APIServerConnection.probeUser())
                switch outcome {
                case .rejected, .takenFor: return "the API server of \(receiver.name) refuses it"
                case .accepted, .inconclusive, .notUnderstood: continue
                }
            }
            let lost = try await terms.services?.refusals(through: node) ?? []
            return lost.first.map { "\($0.service.name) does not answer: \($0.why)" }
        } catch {
            // Who cannot look has seen nothing wrong with it.
            controlPlanes.effects.progress(
                .line(
                    .witness(.acceptanceNotSeen(node: node.name, because: ErrorReport(error).message))))
            return nil
        }
    }

    /// Waits until extension APIs answer through a control plane as before, after its old pair was put back.
    /// - Returns: why they do not when the time is over; nil where they do.
    package func recovery(_ node: NodeSpec) async -> Message? {
        let deadline = ContinuousClock.now + .seconds(terms.reloadSeconds + Self.watchSeconds)
        while controlPlanes.stop?.isStopped != true {
            let lost: ServiceCheck.Refusal
            do {
                guard let first = try await terms.services?.refusals(through: node).first else { return nil }
                lost = first
            } catch {
                // Who cannot look does not wait either.
                return "it cannot be checked: \(ErrorReport(error).message)"
            }
            guard ContinuousClock.now < deadline else { return "\(lost.service.name): \(lost.why)" }
            try? await Task.sleep(for: .seconds(1))
        }
        return nil
    }

    private func accepts(
        _ pair: ClientIdentity, _ receiver: NodeSpec, _ connection: APIServerConnection
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(Self.acceptSeconds)
        while true {
            let outcome = try connection.outcome(of: pair, as: APIServerConnection.probeUser())
            switch outcome {
            case .accepted, .inconclusive, .notUnderstood: return
            case .rejected, .takenFor:
                guard ContinuousClock.now < deadline else {
                    throw BootstrapError(
                        "apply/pair-refused",
                        "the API server of \(receiver.name) does not accept the new proxy client certificate",
                        hint: "run aggbootstrap verify to see what it has loaded, and compare the clocks")
                }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    private func loaded(
        _ node: NodeSpec, _ own: APIServerConnection, _ fingerprint: String, _ progress: NodeProgress
    ) async throws {
        let version = await controlPlanes.version(of: own)
        let isBlind = try await controlPlanes.certificateReload(of: node, version) == .byTime
        let seconds = isBlind ? terms.reloadSeconds + Self.acceptSeconds : Self.watchSeconds
        let isSeen = try await terms.witness?.sees(fingerprint, of: node, within: seconds, progress) == true
        if !isBlind { progress.step(.waitingForWatches) }
        let deadline = ContinuousClock.now + .seconds(isSeen ? 0 : Self.watchSeconds)
        while true {
            switch try await controlPlanes.certificateReload(of: node, version) {
            case .byTime? where !isSeen:
                progress.step(.waitingForReread(seconds: terms.reloadSeconds))
                return try await Task.sleep(for: .seconds(terms.reloadSeconds))
            case .byTime?, .byWatch?, .absent?, nil: return
            case .missing(let paths)?:
                guard ContinuousClock.now >= deadline else { continue }
                guard isSeen else {
                    throw ControlPlanes.unwatched("kube-apiserver", paths, controlPlanes.spec)
                }
                // What was seen counts. Before a CA is dropped all files must be watched.
                return progress(.notWatched(paths))
            }
        }
    }
}
