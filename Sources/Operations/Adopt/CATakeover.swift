// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import OpenSSL
import PKI
import Planning
import Secrets
import Spec
import StateStore
import SystemdUnits
import Values

/// Takes a CA that was made elsewhere into the state directory, with its key, so that it goes on signing.
struct CATakeover {
    private let spec: ClusterSpec
    private let servers: [AdoptedServer]
    private let request: Adoption.Request
    private let reader: CertificateReader

    init(
        _ spec: ClusterSpec, _ servers: [AdoptedServer], _ request: Adoption.Request,
        reader: CertificateReader
    ) {
        (self.spec, self.servers, self.request, self.reader) = (spec, servers, request, reader)
    }

    /// - Parameter file: the key, on this machine.
    func take(_ file: String, now: UnixTime) throws -> Adoption.Taken {
        let certificate = try certificate(ofKeyIn: file)
        try check(certificate, now)
        let place = StatePlace(spec, state: request.state, root: nil)
        let state = StateDirectory(
            path: place.path, cluster: spec.cluster, passphrase: request.passphrase, reader: reader)
        let lock = try state.lock()
        defer { withExtendedLifetime(lock) {} }
        let inventory = try state.inventory()
        let taken = Adoption.Taken(subject: certificate.summary.subject, state: state.path)
        if let current = inventory.current {
            // Of a run that was killed before the spec was written; the passphrase must be the same.
            if current.certificate.fingerprintSHA256 == certificate.summary.fingerprintSHA256 {
                _ = try state.authority(current)
                return taken
            }
            throw BootstrapError(
                "adopt/state-in-use",
                "the state directory \(state.path) has a CA already: \(current.certificate.subject)",
                hint: "give another one with --state DIR, or leave out --ca-key")
        }
        try state.prepareForChange()
        try Issuer(spec, state: state, now: now)
            .adopt(
                certificate, key: try Self.key(file), leaves: servers.compactMap { $0.client?.summary },
                after: inventory)
        return taken
    }

    /// Before any control plane is read: that the file is there and holds a key.
    static func check(_ file: String) throws { _ = try parsed(file) }

    private static func parsed(_ file: String) throws -> PrivateKey {
        let pem = try key(file)
        do { return try PrivateKey(pem: pem, path: file) } catch {
            throw BootstrapError(
                error.reportedCode, "\(error)",
                hint: error.code == .encryptedKey
                    ? "decrypt a copy with (umask 077; openssl pkey -in \(file) -out COPY), give the copy with --ca-key, and "
                        + "delete it afterwards; or leave out --ca-key: rotate --ca replaces a CA without its key"
                    : "--ca-key takes the CA's private key in PEM, such as front-proxy-ca.key: not its certificate, which is "
                        + "read on the control planes")
        }
    }

    private static func key(_ file: String) throws -> SecretBytes {
        guard let key = try FileReader.readSecret(file, readableBy: .owner) else {
            throw BootstrapError(
                "adopt/ca-key", "cannot read the CA's key \(file): no such file",
                hint:
                    "copy it here from a control plane, with mode 0600; or leave out --ca-key: rotate --ca replaces a CA without "
                    + "its key")
        }
        return key
    }

    /// The CA that all control planes trust and whose key it is.
    private func certificate(ofKeyIn file: String) throws -> Certificate {
        let publicKey = try Self.parsed(file).publicKeySHA256()
        for server in servers where !server.flags.lacksAggregation {
            guard server.authorities.contains(where: { $0.summary.publicKeySHA256 == publicKey }) else {
                let found = server.authorities.map(\.summary.subject).joined(separator: ", ")
                let has: Message = found.isEmpty ? "none that can be read" : "\(found)"
                throw BootstrapError(
                    "adopt/ca-key",
                    "\(file) is not the key of a requestheader CA of \(server.node.name), which has "
                        + has,
                    hint:
                        "give the key of that CA, or leave out --ca-key: rotate --ca replaces a CA without its key"
                )
            }
        }
        let all = servers.flatMap(\.authorities).filter { $0.summary.publicKeySHA256 == publicKey }
        guard let first = all.first else {
            throw BootstrapError(
                "adopt/ca-key", "no control plane trusts a requestheader CA, so \(file) is the key of none",
                hint: "leave out --ca-key: init makes a CA")
        }
        guard !all.contains(where: { $0.summary.fingerprintSHA256 != first.summary.fingerprintSHA256 }) else {
            throw BootstrapError(
                "adopt/ca-key",
                "the control planes have different certificates of the CA whose key is \(file)",
                hint: "leave out --ca-key, and replace the CA with rotate --ca")
        }
        return try Certificate.parse(pem: first.pem, path: first.summary.subject)
    }

    private func check(_ authority: Certificate, _ now: UnixTime) throws {
        let ca = authority.summary
        func refuse(_ why: Message) -> BootstrapError {
            BootstrapError(
                "adopt/ca-unfit", "cannot take over the CA \(ca.subject): \(why)",
                hint: "leave out --ca-key, and replace the CA with rotate --ca")
        }
        if servers.contains(where: { $0.clientCAKeys.contains(ca.publicKeySHA256) }) {
            throw refuse("it is the client CA too, so anyone with a client certificate could act as any user")
        }
        guard ca.isCA else { throw refuse("its certificate is not that of a CA") }
        guard reader.isSigned(authority, by: authority) else {
            throw refuse(
                "another CA has signed it, \(ca.issuer), and the state directory holds CAs that sign themselves"
            )
        }
        if let bundle = servers.first(where: {
            Set($0.authorities.map(\.summary.fingerprintSHA256)).count > 1
        }) {
            throw refuse("\(bundle.node.name) trusts another requestheader CA beside it")
        }
        guard now >= ca.notBefore, now < ca.notAfter else {
            throw refuse("it is valid from \(ca.notBefore) to \(ca.notAfter)")
        }
        if let weak = ca.weakKey { throw refuse("its key is weak: \(weak)") }
        for server in servers {
            guard let client = server.client else { continue }
            let certificate = try Certificate.parse(pem: client.pem, path: client.summary.subject)
            guard !reader.isSigned(certificate, by: authority) else { continue }
            throw refuse(
                "it has not signed the proxy client certificate of \(server.node.name), whose issuer is "
                    + client.summary.issuer)
        }
    }
}
