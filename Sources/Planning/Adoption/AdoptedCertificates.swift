// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// The `certificates` of a spec that is made of a running control plane.
struct AdoptedCertificates {
    private(set) var notes: [AdoptionNote] = []
    private(set) var member: OrderedJSON = .object([])
    /// Of the proxy client certificate.
    private(set) var commonName = ""
    private let server: AdoptedServer
    private let perNode: Bool

    /// - Parameters:
    ///   - server: the control plane that the others are compared with.
    ///   - perNode: whether each has a key of its own.
    init(_ server: AdoptedServer, perNode: Bool) {
        self.server = server
        self.perNode = perNode
        let placement = placement()
        let ca = authority()
        let client = client()
        member = .object(placement + [.init("ca", .object(ca)), .init("proxyClient", .object(client))])
    }

    // MARK: - Files

    private mutating func placement() -> [OrderedJSON.Member] {
        let paths = [server.certificatePath, server.caPath, server.keyPath]
        guard let first = paths.compactMap({ $0 }).first else { return [] }
        let directory = (server.certificatePath ?? first).splitPath.directory
        var names = CertificateFileNames()
        if let shared = server.sharedAuthority, let path = server.caPath {
            notes.append(
                .sharedCA(path: path, subject: shared.summary.subject, kept: "\(directory)/\(names.ca)"))
        } else {
            names.ca = place(server.caPath, "requestheader-client-ca-file", directory) ?? names.ca
        }
        names.certificate =
            place(server.certificatePath, "proxy-client-cert-file", directory) ?? names.certificate
        names.key = place(server.keyPath, "proxy-client-key-file", directory) ?? names.key
        return [
            .init("directory", .text(directory)),
            .init(
                "files",
                .object([
                    .init("ca", .text(names.ca)), .init("certificate", .text(names.certificate)),
                    .init("key", .text(names.key)),
                ])),
        ]
    }

    private mutating func place(_ path: String?, _ flag: String, _ directory: String) -> String? {
        guard let path else { return nil }
        let parts = path.splitPath
        if parts.directory.bytes != directory.bytes {
            notes.append(.otherDirectory(flag: flag, path: path, directory: directory))
        }
        return parts.name
    }

    // MARK: - Subjects, keys and validity

    private mutating func authority() -> [OrderedJSON.Member] {
        guard let ca = server.authorities.first, server.sharedAuthority == nil else { return [] }
        let base = Self.withoutGeneration(ca.summary)
        let name = name(base, .ca, default: "aggregator-ca")
        return subject(ca, .ca, name) + [validity(ca.summary.validity)]
    }

    private mutating func client() -> [OrderedJSON.Member] {
        guard let client = server.client else {
            commonName = "aggregator"
            return []
        }
        let summary = client.summary
        commonName = name(summary.commonName, .proxyClient, default: "aggregator")
        var members = subject(client, .proxyClient, commonName)
        let hosts = summary.hosts.filter { host in
            if SpecFormat.host.accepts(host) { return true }
            notes.append(.host(host))
            return false
        }
        if !hosts.isEmpty { members.append(.init("hosts", .list(hosts.map { .text($0) }))) }
        members.append(.init("usages", .list(usages(summary).map { .text($0.rawValue) })))
        let ends = server.authorities.first?.summary.notAfter
        // One that its CA cut off does not say how long it was to be.
        if summary.notAfter != ends {
            let days = (summary.notAfter.seconds - summary.notBefore.seconds) / 86400
            if days > 2 * 365 { notes.append(.longValidity(days: days)) }
            members.append(validity(summary.validity))
        }
        members.append(.init("perNode", .boolean(perNode)))
        return members
    }

    private mutating func subject(
        _ certificate: AdoptedServer.Certificate, _ role: AdoptionNote.Role, _ commonName: String
    ) -> [OrderedJSON.Member] {
        var members = [OrderedJSON.Member("commonName", .text(commonName))]
        let names = certificate.names
        let attributes: [(key: String, value: String?, format: SpecFormat)] = [
            ("C", names.country, .country), ("ST", names.state, .attribute(limit: 128)),
            ("L", names.locality, .attribute(limit: 128)), ("O", names.organization, .attribute(limit: 64)),
            ("OU", names.organizationalUnit, .attribute(limit: 64)),
        ]
        let given = attributes.filter { $0.value != nil }
        let kept = given.filter { $0.format.accepts($0.value ?? "") }
        if !kept.isEmpty {
            members.append(.init("names", .object(kept.map { .init($0.key, .text($0.value ?? "")) })))
        }
        let lost =
            given.filter { !$0.format.accepts($0.value ?? "") }.map(\.key) + certificate.otherAttributes
        if !lost.isEmpty { notes.append(.attributes(role, lost)) }
        members.append(.init("key", .object(key(certificate.summary, role))))
        return members
    }

    private mutating func key(
        _ certificate: CertificateSummary, _ role: AdoptionNote.Role
    ) -> [OrderedJSON.Member] {
        func members(_ algorithm: String, _ size: Int?) -> [OrderedJSON.Member] {
            [.init("algorithm", .text(algorithm))] + (size.map { [.init("size", .integer($0))] } ?? [])
        }
        switch certificate.key {
        case .rsa(let bits): return members("rsa", bits)
        case .ecdsa(let bits): return members("ecdsa", bits)
        case .ed25519: return members("ed25519", nil)
        case nil:
            notes.append(.key(role, found: certificate.weakKey))
            return members("ecdsa", 256)
        }
    }

    private mutating func usages(_ certificate: CertificateSummary) -> [CertificateUsage] {
        var usages: [CertificateUsage] = []
        for name in certificate.usages {
            if let usage = CertificateUsage(rawValue: name) {
                usages.append(usage)
            } else {
                notes.append(.usage(name))
            }
        }
        if !usages.contains(.clientAuth) {
            notes.append(.noClientAuth)
            usages.append(.clientAuth)
        }
        return usages
    }

    private mutating func name(
        _ found: String?, _ role: AdoptionNote.Role, default other: String
    ) -> String {
        let format: SpecFormat = role == .ca ? .caCommonName : .commonName
        if let found, format.accepts(found) { return found }
        notes.append(.commonName(role, found: found, kept: other))
        return other
    }

    /// Our own CAs have their generation behind the name.
    private static func withoutGeneration(_ ca: CertificateSummary) -> String? {
        guard let name = ca.commonName, let key = ca.subjectKeyIdentifier else { return ca.commonName }
        let generation = " \(key.prefix(8))"
        return name.hasSuffix(generation) ? String(name.dropLast(generation.count)) : name
    }

    private func validity(_ validity: CertificateValidity) -> OrderedJSON.Member {
        .init("validity", .text(Self.text(validity.notAfter.seconds - validity.notBefore.seconds)))
    }

    /// Whole years or days where it is some within a quarter of an hour, by which makers of certificates set the start back.
    static func text(_ seconds: Int64) -> String {
        let bounded = min(max(seconds, ValidityPeriod.minimum.seconds), ValidityPeriod.maximum.seconds)
        let days = (bounded + 43200) / 86400
        if days > 0, abs(bounded - days * 86400) <= 900 {
            return days % 365 == 0 ? "\(days / 365)y" : "\(days)d"
        }
        return bounded >= 3600 ? "\(bounded / 3600)h" : "\(bounded)s"
    }
}
