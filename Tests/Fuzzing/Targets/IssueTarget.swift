// SPDX-License-Identifier: Apache-2.0

import OpenSSL
import PKI
import Planning
import Secrets
import Spec
import Values

/// Issues certificates with any names and hosts; NULs stand between them.
///
/// What is issued says what was asked for, and its CA vouches for it.
enum IssueTarget {
    private static let now = UnixTime(year: 2026, month: 1, day: 1)

    private struct Authority {
        let certificate: Certificate
        let key: PrivateKey
        let leafKey: PrivateKey
    }

    private static let authority: Authority = {
        do {
            let key = try PrivateKey.generate(.ecdsa(bits: 256))
            return Authority(
                certificate: try CertificateAuthority.issueCA(
                    profile(.ca, "ca", SubjectNames(), []), key: key, validity: .init(.maximum, at: now),
                    serial: .random()),
                key: key, leafKey: try PrivateKey.generate(.ecdsa(bits: 256)))
        } catch {
            fatalError("PROPERTY: no CA: \(error)")
        }
    }()

    private static func profile(
        _ role: CertificateProfile.Role, _ commonName: String, _ names: SubjectNames,
        _ hosts: [SubjectAlternativeName]
    ) -> CertificateProfile {
        CertificateProfile(
            role: role, commonName: commonName, names: names, hosts: hosts,
            usages: role == .ca ? [] : [.clientAuth], key: .ecdsa(bits: 256), validity: .maximum)
    }

    static func run(_ bytes: [UInt8]) {
        let parts = parts(bytes, 8).map { text($0) }
        let hosts = parts[6...7].compactMap { text -> SubjectAlternativeName? in
            IPAddress(text).map { .ip($0) } ?? DNSName(text).map { .dns($0) }
        }
        let names = SubjectNames(
            country: parts[1].isEmpty ? nil : parts[1], state: parts[2], locality: parts[3],
            organization: parts[4],
            organizationalUnit: parts[5])
        let profile = profile(.proxyClient, parts[0], names, hosts)
        let certificate: Certificate
        do throws(PKIError) {
            certificate = try CertificateAuthority.issueLeaf(
                profile, key: authority.leafKey, ca: authority.certificate, caKey: authority.key,
                validity: .init(profile.validity, at: now, within: authority.certificate.summary.validity),
                now: now,
                serial: .random())
        } catch {
            require(ErrorQueue.drained() == nil, "errors are left in the queue")
            return
        }
        require(isSame(certificate.summary.commonName ?? "", parts[0]), "another common name")
        let read = certificate.subjectNames
        require(
            read.others.isEmpty && isSame(read.names.organization ?? "", parts[4]), "another organization")
        require(isSame(read.names.state ?? "", parts[2]), "another state")
        require(Set(certificate.summary.hosts) == Set(hosts.map(\.description)), "other hosts")
        let isKey = (try? authority.leafKey.publicKeySHA256()) == certificate.summary.publicKeySHA256
        require(isKey, "another key")
        checkRequest(profile, certificate)
    }

    /// What was issued is what a request for it asks for.
    private static func checkRequest(_ profile: CertificateProfile, _ certificate: Certificate) {
        guard (try? CertificateRequest(profile, key: authority.leafKey)) != nil else {
            fatalError("PROPERTY: what was issued cannot be requested")
        }
        let wanted = SignedCertificate(
            profile, publicKeySHA256: certificate.summary.publicKeySHA256, ca: authority.certificate,
            caFile: "ca.pem",
            allowedNames: [profile.commonName], now: now, title: "it")
        do throws(SignedError) { _ = try wanted.read(certificate.pem) } catch {
            fatalError("PROPERTY: what was issued is not what was asked for: \(error)")
        }
        require(ErrorQueue.drained() == nil, "errors are left in the queue")
    }
}
