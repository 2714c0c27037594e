// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import OpenSSL
import PKI
import Planning
import Spec
import Values

/// A requestheader CA whose key is elsewhere: its certificate, as the spec names it, and what signs for it.
package struct ExternalCA: Sendable {
    package let certificate: Certificate
    /// Where the certificate is, on the operator's machine.
    package let file: String
    package let signing: CASigning

    /// The CA that `spec` names; nil where the CA is made here.
    /// - Parameter now: when it must be valid.
    /// - Throws: `external/...` where the file does not hold exactly one CA that may sign proxy client certificates.
    package static func read(_ spec: ClusterSpec, at now: UnixTime) throws -> ExternalCA? {
        let ca = spec.certificates.ca
        guard ca.isElsewhere, let file = ca.certificateFile else { return nil }
        let external = ExternalCA(certificate: try certificate(file), file: file, signing: ca.signing)
        try external.check(at: now)
        return external
    }

    private static func certificate(_ file: String) throws -> Certificate {
        let field = "certificates.ca.certificate"
        guard let pem = try FileReader.read(file) else {
            throw BootstrapError(
                "external/no-file", "cannot read the CA's certificate \(file) (\(field)): no such file",
                hint: "put the certificate of the CA that signs there, in PEM")
        }
        let found: [Certificate]
        do { found = try Certificate.parseBundle(pem: pem, path: file) } catch {
            throw BootstrapError(
                "external/unreadable", "cannot use \(file) (\(field)): \(error.underlying)",
                hint: "put the certificate of the CA that signs there, in PEM, and no private key")
        }
        guard found.count == 1 else {
            throw BootstrapError(
                "external/not-one",
                "cannot use \(file) (\(field)): it holds \(found.count) certificates, and must hold one",
                hint:
                    "leave only the certificate of the CA that signs the proxy client certificates themselves",
                details: found.map { "\($0.summary.subject), issued by \($0.summary.issuer)" })
        }
        return found[0]
    }

    private func check(at now: UnixTime) throws {
        let summary = certificate.summary
        func refusal(_ code: String, _ why: Message, _ hint: Message) -> BootstrapError {
            BootstrapError(code, "cannot use the CA \(summary.subject) of \(file): \(why)", hint: hint)
        }
        guard summary.maySign else {
            throw refusal(
                "external/not-a-ca", "it is not a CA: it lacks CA:TRUE or the key usage cert sign",
                "put the certificate of the CA that signs there")
        }
        guard summary.allowsClients else {
            throw refusal(
                "external/not-for-clients", "its extended key usages leave out client auth",
                "use a CA that may issue certificates of TLS clients")
        }
        if let weak = summary.weakKey {
            throw refusal(
                "external/weak", "its key is \(weak)", "use a CA with a key that API servers accept")
        }
        guard now >= summary.notBefore else {
            throw refusal(
                "external/not-yet-valid", "it is not valid before \(summary.notBefore), and it is \(now) now",
                "check this machine's clock")
        }
        guard now < summary.notAfter else {
            throw refusal(
                "external/expired", "it expired at \(summary.notAfter)",
                "put the certificate of the next CA there, then run aggbootstrap rotate --ca")
        }
    }

    /// The CA as a generation that a state directory has yet to take in.
    package func generation(after inventory: StateInventory) -> CAGeneration {
        CAGeneration(
            id: StateDirectory.generationID(certificate.summary, after: inventory),
            certificate: certificate.summary, pem: certificate.pem, hasKey: false, isExternal: true,
            isStored: false)
    }
}
