// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import OpenSSL
import PKI
import Planning
import Secrets
import Values

/// Which file is which: what the flags name, and without flags what the files are.
struct SetUpRoles {
    /// Paths on the node.
    struct Paths {
        var ca: String?
        var certificate: String?
        var key: String?
        var clientCA: String?
    }

    let node: any NodeReading
    let facts: LintFacts
    let cache: LintCache

    private static let directories = ["/etc/kubernetes/ssl", "/etc/kubernetes/pki"]

    var paths: Paths {
        guard let unit = facts.unit else { return byContent() }
        return Paths(
            ca: unit.file("requestheader-client-ca-file"), certificate: unit.file("proxy-client-cert-file"),
            key: unit.file("proxy-client-key-file"), clientCA: unit.file("client-ca-file"))
    }

    private var candidates: [String] {
        if let loose = node as? LooseFiles { return loose.others.map { "/" + $0 } }
        return Self.directories.flatMap { directory in
            ((try? node.list(directory)) ?? []).filter { name in
                ["aggregat", "front-proxy", "proxy-client", "requestheader"].contains { name.contains($0) }
            }.map { "\(directory)/\($0)" }
        }
    }

    private func byContent() -> Paths {
        var (paths, others): (Paths, [(path: String, certificates: [CertificateSummary])]) = (Paths(), [])
        var publicKey: String?
        for path in candidates {
            guard let bytes = try? node.readSecret(path) else { continue }
            if isKey(bytes, path) {
                if paths.key == nil { paths.key = path }
                if case .key(let digest, _) = cache.key(bytes, path: path) {
                    (paths.key, publicKey) = (path, digest)
                }
            } else if let found = certificates(path) {
                others.append((path, found))
            }
        }
        take(others, publicKey, &paths)
        return paths
    }

    /// The certificate of the key, or one that is no CA; what has signed it; and any other CA as that of clients.
    private func take(
        _ files: [(path: String, certificates: [CertificateSummary])], _ publicKey: String?,
        _ paths: inout Paths
    ) {
        let own = files.first { file in file.certificates.contains { $0.publicKeySHA256 == publicKey } }
        let leaf = own ?? files.first { $0.certificates.first.map { !$0.isCA } ?? false }
        paths.certificate = leaf?.path
        let rest = files.filter { $0.path != leaf?.path }
        let issuer = leaf?.certificates.first?.issuerDER
        let ca =
            rest.first { $0.certificates.contains { $0.subjectDER == issuer } }
            ?? rest.first { !Self.isOfClients($0.path) } ?? rest.first
        paths.ca = ca?.path
        paths.clientCA = rest.first { $0.path != ca?.path }?.path
    }

    private static func isOfClients(_ path: String) -> Bool {
        ["ca.pem", "ca.crt", "client-ca.pem", "client-ca.crt"].contains(path.splitPath.name)
    }

    private func isKey(_ bytes: SecretBytes, _ path: String) -> Bool {
        bytes.withUnsafeBytes { text in
            guard let found = try? PEMBlocks(in: text, operation: "read", subject: path) else {
                return text.contains(Array("PRIVATE KEY-----".utf8))
            }
            return found.blocks.contains(where: \.isPrivateKey)
                && !found.blocks.contains { $0.label == "CERTIFICATE" }
        }
    }

    /// nil for a file that is no certificate and does not look like one.
    private func certificates(_ path: String) -> [CertificateSummary]? {
        guard let bytes = try? node.read(path, limit: 4 << 20) else { return nil }
        if let found = try? cache.certificates.bundle(pem: bytes, path: path) { return found.map(\.summary) }
        return bytes.contains(Array("CERTIFICATE-----".utf8)) ? [] : nil
    }
}
