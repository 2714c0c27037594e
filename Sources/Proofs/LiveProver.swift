// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import LocalFiles
import NodeAccess
import PKI
import Planning
import Spec
import SystemdUnits
import TLS
import Values

/// Proves on the running kube-apiserver what the files alone cannot show.
struct LiveProver {
    let spec: ClusterSpec
    let nodeSpec: NodeSpec
    let link: NodeLink
    let observed: ObservedNode
    let now: UnixTime
    let purpose: ProofPurpose

    private static let names = [
        "command-line", "ready", "hook", "ca-loaded", "identity", "identity-refused", "watches",
    ]

    func prove() async throws -> [Proof] {
        guard let live = observed.unit?.live, let running = live.runningArguments else {
            let state: Message = observed.unit?.live.map { "\($0.stateText)" } ?? "not known to systemd"
            // That it is down is known: only a change may have been made while it was meant to be.
            let isDown = purpose == .verification && observed.unit?.live != nil
            return Self.names.map {
                Proof(
                    $0, isDown && $0 == "ready" ? .failed : .notProven,
                    "\(spec.apiServer.displayName) is \(state)")
            }
        }
        let flags = EffectiveFlags.parse(commandLine: running)
        if spec.apiServer.isExternal, flags.lacksAggregation {
            let without: Message = "kube-apiserver runs without the aggregation flags"
            return Self.names.map { Proof($0, $0 == "command-line" ? .failed : .notProven, without) }
        }
        let connection = try APIServerConnection(spec: spec, nodeSpec: nodeSpec, flags: flags, link: link)
        var proofs = [commandLine(running)]
        let (readiness, report, _) = await connection.ready()
        proofs += [Self.ready(readiness, connection), hook(report), caLoaded(connection)]
        proofs += try identity(connection)
        proofs += try await watches(live.mainPID).map { [$0] } ?? []
        return proofs
    }

    private func commandLine(_ running: [String]) -> Proof {
        var isOperators = spec.apiServer.isExternal
        if case .kept = FlagsTarget.resolve(spec, unit: observed.unit, access: observed.access) {
            isOperators = true
        }
        let isRight =
            isOperators
            ? APIServerFlags(spec: spec).differences(
                from: EffectiveFlags.parse(commandLine: running),
                decidesRouting: spec.apiServer.decidesRouting
            ).isEmpty
            : APIServerFlags(spec: spec).areExactlyIn(running)
        return isRight
            ? Proof("command-line", .passed, "the running process has exactly the spec's flags")
            : Proof(
                "command-line", .failed,
                "the running process has other aggregation flags than the spec")
    }

    static func ready(_ readiness: ObservedAPIServer.Readiness, _ connection: APIServerConnection) -> Proof {
        switch readiness {
        case .ready: Proof("ready", .passed, "\(connection.endpoint)/readyz")
        case .notReady(let checks):
            Proof("ready", .failed, "/readyz fails: \(list: checks)")
        case .hidden(let why), .unseen(let why): Proof("ready", .notProven, why)
        }
    }

    private func hook(_ report: ReadinessReport?) -> Proof {
        switch report?.hasProxyClientHook {
        case true?: Proof("hook", .passed, "\(ReadinessReport.proxyClientHook)")
        case false?: Proof("hook", .failed, "/readyz does not list \(ReadinessReport.proxyClientHook)")
        case nil: Proof("hook", .notProven, "/readyz does not show its checks")
        }
    }

    private func caLoaded(_ connection: APIServerConnection) -> Proof {
        let names: [[UInt8]]?
        do {
            names = try connection.handshake().acceptedCANames
        } catch {
            return Proof("ca-loaded", .notProven, "\(error)")
        }
        let installed = observed.requestHeaderCAs.first { $0.path == observed.ca.path }?.certificates ?? []
        let missing = installed.filter { !(names ?? []).contains($0.subjectDER) }
        guard let first = installed.first else {
            return Proof("ca-loaded", .failed, "\(observed.ca.path) holds no CA")
        }
        return missing.isEmpty
            ? Proof("ca-loaded", .passed, "its TLS handshake names \(first.subject)")
            : Proof("ca-loaded", .failed, "its TLS handshake does not name \(missing[0].subject)")
    }

    // MARK: - Identity

    private func identity(_ connection: APIServerConnection) throws -> [Proof] {
        guard let pair = try connection.identity else {
            return ["identity", "identity-refused"].map {
                Proof($0, .notProven, "there is no certificate and key to present")
            }
        }
        return [
            try probe("identity", connection, pair) { outcome, user in
                switch outcome {
                case .accepted: (.passed, "a proxied request is accepted as its user, \(user)")
                case .rejected:
                    (.failed, "401: the API server does not accept this certificate of an aggregator")
                case .takenFor(let other): (.failed, "a proxied request for \(user) is accepted as \(other)")
                case .inconclusive(let reason): (.notProven, reason)
                case .notUnderstood(let status, let excerpt):
                    (.notProven, "HTTP status \(status): \(excerpt)")
                }
            },
            try probe("identity-refused", connection, try foreignPair()) { outcome, user in
                switch outcome {
                case .rejected: (.passed, "401 for the same request with a certificate of another CA")
                case .accepted, .takenFor: (.failed, "a certificate of another CA was accepted")
                case .inconclusive(let reason): (.notProven, reason)
                case .notUnderstood(let status, let excerpt):
                    (.notProven, "HTTP status \(status): \(excerpt)")
                }
            },
        ]
    }

    private func probe(
        _ name: String, _ connection: APIServerConnection, _ pair: ClientIdentity,
        _ judge: (IdentityOutcome, ProbeUser) -> (Proof.Verdict, Message)
    ) throws -> Proof {
        let user = try APIServerConnection.probeUser()
        let outcome: IdentityOutcome
        do {
            outcome = try connection.outcome(of: pair, as: user)
        } catch {
            return Proof(name, .notProven, "\(error)")
        }
        let (verdict, text) = judge(outcome, user)
        return Proof(name, verdict, text)
    }

    /// A proxy client of a CA that exists only for this probe, under the name that is allowed.
    private func foreignPair() throws -> ClientIdentity {
        var (ca, leaf) = (CertificateCatalog.ca(spec), CertificateCatalog.proxyClient(spec))
        (ca.key, leaf.key) = (.ecdsa(bits: 256), .ecdsa(bits: 256))
        let (caKey, leafKey) = (try PrivateKey.generate(ca.key), try PrivateKey.generate(leaf.key))
        let issuer = try CertificateAuthority.issueCA(
            ca, key: caKey, validity: .init(ca.validity, at: now), serial: try .random())
        let certificate = try CertificateAuthority.issueLeaf(
            leaf, key: leafKey, ca: issuer, caKey: caKey,
            validity: .init(leaf.validity, at: now, within: issuer.summary.validity), now: now,
            serial: try .random())
        return ClientIdentity(certificatePEM: certificate.pem, keyPEM: leafKey.pem)
    }

    // MARK: - Reload

    /// - Returns: nil below 1.23, where the API server looks at the files every 60 s instead of watching them.
    private func watches(_ pid: Int) async throws -> Proof? {
        guard let version = observed.apiServer?.version else {
            return Proof("watches", .notProven, "the API server's version cannot be read")
        }
        guard version >= KubernetesVersion(major: 1, minor: 23) else { return nil }
        let paths = [observed.ca, observed.certificate, observed.key].map(\.path)
        switch try await CertificateReload.of(paths, by: pid, version: version, on: link.node) {
        case nil: return Proof("watches", .notProven, "the API server's process has ended")
        case .byTime?:
            return Proof(
                "watches", .passed,
                "it could not watch its files, so it reads them each minute: raise fs.inotify.max_user_instances of the node"
            )
        case .absent(let paths)?:
            return Proof("watches", .failed, "\(list: paths) is missing")
        case .missing(let paths)?:
            return Proof(
                "watches", .failed,
                "it does not watch \(list: paths) as it is now, and misses its changes: remove backups that "
                    + "are hard links to old files, or restart it")
        case .byWatch?:
            let linked = try paths.filter { try link.node.status($0)?.links ?? 1 > 1 }
            guard linked.isEmpty else {
                return Proof(
                    "watches", .notProven,
                    "\(list: linked) \(linked.count == 1 ? "has" : "have") other hard links: it would see one change and miss every "
                        + "later one")
            }
            return Proof("watches", .passed, "it watches the three current files")
        }
    }
}
