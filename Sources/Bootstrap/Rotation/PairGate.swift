// SPDX-License-Identifier: Apache-2.0

import APIServerAccess
import ClusterPlan
import NodeAccess
import PKI
import SystemdBus

/// What a control plane's new proxy-client pair has to pass before the next control plane gets one: every API server
/// takes it for an aggregator's, this one serves, and this one has had the chance to load it.
struct PairGate: Sendable {
    struct Terms: Sendable {
        /// How long a kube-apiserver older than 1.23 is given to read a changed pair, which nothing of it shows; seconds.
        var reloadSeconds: Int
        /// nil where nothing is looked at from outside.
        var witness: PairWitness?
    }

    let run: Run
    let terms: Terms

    /// How long the file watches of one from 1.23 on are waited for; seconds.
    private static let watchSeconds = 15
    /// How long the API servers are given to take the pair; they trusted its CA before.
    private static let acceptSeconds = 15

    /// - Throws: what the pair does not pass, and on which control plane.
    func pass(_ node: NodeSpec, _ progress: NodeProgress) async throws {
        guard let own = try run.connection(node), let pair = own.identity else {
            throw BootstrapError("rotation/no-process", "kube-apiserver does not run any more")
        }
        progress.step("every API server is asked to take the new pair")
        for receiver in run.spec.nodes {
            let connection = receiver == node ? own : try run.connection(receiver)
            // One that the layer is not on yet takes nobody's word for a user.
            guard let connection, connection.hasRequestHeaderCA else { continue }
            try await accepts(pair, receiver, connection)
        }
        let fingerprint = try run.reader.bundle(pem: pair.certificatePEM, path: "the new pair")[0].summary
            .fingerprintSHA256
        try await loaded(node, own, fingerprint, progress)
        let readiness = await own.readiness()
        if case .notReady(let checks) = readiness {
            throw BootstrapError(
                "rotation/not-ready",
                "kube-apiserver is not ready with the new pair: \(checks.joined(separator: ", "))")
        }
        try await terms.witness?.seeAvailable(progress)
    }

    /// Whether an API server looks at its files each minute and shows nothing of it, as those before 1.23 do.
    static func readsBlindly(_ own: APIServerConnection, _ spec: ClusterSpec) async throws -> Bool {
        guard let version = await own.observe().version ?? spec.kubernetesVersion else { return true }
        return version < KubernetesVersion(major: 1, minor: 23)
    }

    private func accepts(
        _ pair: ClientIdentity, _ receiver: NodeSpec, _ connection: APIServerConnection
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(Self.acceptSeconds)
        while true {
            let outcome = try IdentityProbe.probe(
                connection.endpoint, trust: connection.trust, identity: pair,
                user: try APIServerConnection.probeUser(), headers: connection.headers)
            switch outcome {
            case .accepted, .inconclusive, .notUnderstood: return
            case .rejected, .takenFor:
                guard ContinuousClock.now < deadline else {
                    throw BootstrapError(
                        "apply/pair-refused",
                        "the API server of \(receiver.name) does not take the new proxy client for an aggregator's",
                        hint: "see with aggbootstrap verify what it has loaded, and compare the clocks")
                }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    private func loaded(
        _ node: NodeSpec, _ own: APIServerConnection, _ fingerprint: String, _ progress: NodeProgress
    ) async throws {
        let isBlind = try await Self.readsBlindly(own, run.spec)
        let seconds = isBlind ? terms.reloadSeconds + Self.acceptSeconds : Self.watchSeconds
        let isSeen = try await terms.witness?.sees(fingerprint, of: node, within: seconds, progress)
        if isBlind {
            if isSeen == true { return }
            progress.step("it reads changed files each minute: waiting \(terms.reloadSeconds) s")
            try await Task.sleep(for: .seconds(terms.reloadSeconds))
            return
        }
        progress.step("it is to watch the new files")
        let link = try run.link(node)
        let certificates = run.spec.certificates
        let paths = [certificates.files.ca, certificates.files.certificate, certificates.files.key]
            .map { "\(certificates.directory)/\($0)" }
        let deadline = ContinuousClock.now + .seconds(Self.watchSeconds)
        while true {
            guard let pid = try link.units?.unit(run.spec.apiServer.unit).mainPID else { return }
            switch try FileWatches.coverage(of: paths, by: Int(pid), on: link.node) {
            case .watched?, .watchedByInodeOnly?: return
            case .missing?, nil: break
            }
            guard ContinuousClock.now < deadline else {
                throw BootstrapError(
                    "rotation/not-watched",
                    "kube-apiserver does not watch the new pair: it has missed the change",
                    hint:
                        "restart it (systemctl restart \(run.spec.apiServer.unit)) when it can be spared, and run it "
                        + "again; a backup that is a hard link to the old file makes it miss changes")
            }
            try await Task.sleep(for: .milliseconds(250))
        }
    }
}

extension Run {
    /// How the running API server of a node is asked now; nil where none runs.
    func connection(_ node: NodeSpec) throws -> APIServerConnection? {
        let link = try link(node)
        guard let pid = try link.units?.unit(spec.apiServer.unit).mainPID,
            let argv = try ProcessArguments.read(pid: Int(pid), on: link.node)
        else { return nil }
        return try APIServerConnection(
            spec: spec, nodeSpec: node, flags: EffectiveFlags.parse(arguments: Array(argv.dropFirst())),
            link: link)
    }
}
