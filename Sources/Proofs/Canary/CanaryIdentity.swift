// SPDX-License-Identifier: Apache-2.0

import PKI
import Planning
import Spec
import TLS
import Values

/// The serving certificate of one canary, and the CA that lives as long: its key is forgotten at once.
struct CanaryIdentity {
    let presented: ClientIdentity
    let leafPEM: [UInt8]
    let caPEM: [UInt8]

    /// - Parameter routes: how many Services lead to it; the certificate has the name of each.
    static func make(routes: Int, now: UnixTime) throws -> CanaryIdentity {
        var ca = CertificateProfile(
            role: .ca, commonName: "aggbootstrap-canary", names: SubjectNames(), hosts: [], usages: [],
            key: .ecdsa(bits: 256), validity: ValidityPeriod(seconds: 86_400))
        let caKey = try PrivateKey.generate(ca.key)
        let issuer = try CertificateAuthority.issueCA(
            ca, key: caKey, validity: .init(ca.validity, at: now), serial: try .random())
        ca.role = .proxyClient
        ca.hosts = (1...max(1, routes)).compactMap { SubjectAlternativeName(CanaryManifests.serverName($0)) }
        // Every certificate that is issued here is a client's too; nobody takes this CA's for one.
        ca.usages = [.digitalSignature, .serverAuth, .clientAuth]
        let key = try PrivateKey.generate(ca.key)
        let leaf = try CertificateAuthority.issueLeaf(
            ca, key: key, ca: issuer, caKey: caKey,
            validity: .init(ca.validity, at: now, within: issuer.summary.validity), now: now,
            serial: try .random())
        return CanaryIdentity(
            presented: ClientIdentity(certificatePEM: leaf.pem, keyPEM: key.pem), leafPEM: leaf.pem,
            caPEM: issuer.pem)
    }
}
