// SPDX-License-Identifier: Apache-2.0

import NodeAccess
import PKI
import Planning
import Secrets
import SystemdUnits
import Values

/// Judges the trust, certificate and key that a node would have after a roll-back: it puts nothing in place that would
/// not work.
struct RollbackJudge {
    let target: RollbackPlanner.Target
    let observed: ObservedNode
    let node: any NodeTransport
    let reader: CertificateReader
    let compromised: [CompromisedCA]
    let now: UnixTime

    /// Why the pair must not be put in place; empty where it may, or stays as it is.
    func refusals() throws -> [Refusal] {
        guard target.changesPair, let flags = target.flags,
            let path = flags.string("proxy-client-cert-file"),
            let keyPath = flags.string("proxy-client-key-file")
        else { return [] }
        guard let chain = try certificates(path), let key = try secret(keyPath) else {
            return [
                refusal(
                    "rollback/pair-missing",
                    "its previous flags name \(path) and \(keyPath), and one of them would not exist")
            ]
        }
        guard let leaf = chain.first else {
            return [refusal("rollback/pair-unreadable", "\(path) held no certificate")]
        }
        if now >= leaf.summary.notAfter {
            return [
                refusal(
                    "rollback/expired",
                    "the previous certificate, \(leaf.summary.subject), expired at \(leaf.summary.notAfter)")
            ]
        }
        guard (try? KeyPair.matches(certificate: leaf, key: key)) == true else {
            return [refusal("rollback/key-mismatch", "\(keyPath) would not belong to \(path)")]
        }
        return try name(leaf.summary, flags) ?? trust(chain, flags) ?? []
    }

    private func name(_ leaf: CertificateSummary, _ flags: EffectiveFlags) -> [Refusal]? {
        let running = observed.unit?.live?.runningArguments ?? []
        for names in [flags, EffectiveFlags.parse(commandLine: running)] {
            guard names.has("proxy-client-cert-file"),
                let allowed = names.list("requestheader-allowed-names"),
                !allowed.isEmpty, !allowed.containsBytes(leaf.commonName ?? "")
            else { continue }
            return [
                refusal(
                    "rollback/name-not-allowed",
                    "the previous certificate, \(leaf.subject), has a name that the API server does not allow; it allows "
                        + allowed.joined(separator: ", "))
            ]
        }
        return nil
    }

    private func trust(_ chain: [Certificate], _ flags: EffectiveFlags) throws -> [Refusal]? {
        guard let path = flags.string("requestheader-client-ca-file") else { return nil }
        guard let bundle = try certificates(path) else {
            return [
                refusal(
                    "rollback/pair-missing", "its previous flags name the CA \(path), which would not exist")
            ]
        }
        // As if they were not in the file: nothing that a compromised CA has signed comes back.
        let trusted = bundle.filter(isClean)
        let intermediates = chain.dropFirst().filter(isClean)
        do {
            try ChainVerifier.verify(leaf: chain[0], intermediates: intermediates, bundle: trusted, at: now)
            return nil
        } catch {
            guard trusted.count + intermediates.count + 1 < bundle.count + chain.count else {
                return [refusal("rollback/chain", "\(error)")]
            }
            return [
                refusal(
                    "rollback/compromised-ca",
                    "the previous certificate, \(chain[0].summary.subject), was signed by a CA that was dropped as compromised"
                )
            ]
        }
    }

    private func isClean(_ ca: Certificate) -> Bool { !compromised.contains { $0.covers(ca.summary) } }

    // MARK: - What would lie there

    private func bytes(_ path: String) throws -> SecretBytes? {
        guard let entry = target.entries.first(where: { $0.path == path }) else {
            return try node.readSecret(path, limit: 1 << 20)
        }
        switch entry.before?.content {
        case .text(let bytes)?, .certificate(let bytes, _)?, .bundle(let bytes, _)?:
            return bytes.withUnsafeBytes { SecretBytes(copying: $0) }
        case .privateKeyCopy(let copy, _)?: return try node.readSecret(copy)
        case .certificateToIssue?, .privateKey?, .nothing?, nil: return nil
        }
    }

    /// nil where nothing would be there; empty where it could not be read as certificates.
    private func certificates(_ path: String) throws -> [Certificate]? {
        guard let bytes = try bytes(path) else { return nil }
        let text = bytes.withUnsafeBytes { Array($0) }
        return (try? reader.bundle(pem: text, path: path)) ?? []
    }

    private func secret(_ path: String) throws -> SecretBytes? { try bytes(path) }

    private func refusal(_ code: String, _ message: Message) -> Refusal {
        Refusal(
            code: code, node: target.node, message: message,
            hint: "run init, which installs what the spec says; nothing was changed")
    }
}
