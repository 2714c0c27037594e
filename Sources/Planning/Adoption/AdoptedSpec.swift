// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// A spec made of running control planes.
package struct AdoptedSpec: Sendable {
    /// What the nodes do not say.
    package struct Terms: Sendable {
        /// nil where nobody gave it.
        package var cluster: String?
        /// What the cluster is called then.
        package var clusterDefault: String
        package var kubeconfig: String?
        package var stateDirectory: String?
        package var now: UnixTime

        package init(
            cluster: String?, clusterDefault: String, kubeconfig: String?, stateDirectory: String?,
            now: UnixTime
        ) {
            self.cluster = cluster
            self.clusterDefault = clusterDefault
            self.kubeconfig = kubeconfig
            self.stateDirectory = stateDirectory
            self.now = now
        }
    }

    /// JSON, with a line feed at its end.
    package let text: String
    package let notes: [AdoptionNote]

    /// - Parameter servers: at least one; the first with the aggregation layer is what the others are compared with.
    package init(_ servers: [AdoptedServer], _ terms: Terms) {
        let model = servers.first { !$0.flags.lacksAggregation } ?? servers[0]
        let certificates = AdoptedCertificates(model, perNode: Self.perNode(servers))
        let header = AdoptedHeaders(model, commonName: certificates.commonName)
        notes =
            Self.differences(servers, from: model) + certificates.notes + header.notes
            + Self.surroundings(servers, terms)
        var members: [OrderedJSON.Member] = [
            .init("$schema", .text(SpecDocument.schemaFileName)),
            .init("apiVersion", .text(SpecFields.apiVersion)),
            .init("cluster", .text(terms.cluster ?? terms.clusterDefault)),
        ]
        if let state = terms.stateDirectory { members.append(.init("stateDirectory", .text(state))) }
        members += [
            .init("certificates", certificates.member), .init("requestHeader", header.member),
            .init("apiServer", .object(Self.apiServer(model, terms))),
            .init("nodes", .list(servers.map { .object(Self.node($0.node)) })),
        ]
        text = OrderedJSON.object(members).document
    }

    // MARK: - Members

    private static func apiServer(_ model: AdoptedServer, _ terms: Terms) -> [OrderedJSON.Member] {
        var members: [OrderedJSON.Member] = [
            model.service.map { .init("unit", .text($0)) }
                ?? .init("managedBy", .text(APIServerManager.external.rawValue))
        ]
        if let routing = model.flags.bool(APIServerFlags.routingName) {
            members.append(.init("aggregatorRouting", .boolean(routing)))
        }
        if let kubeconfig = terms.kubeconfig { members.append(.init("kubeconfig", .text(kubeconfig))) }
        return members
    }

    private static func node(_ node: NodeSpec) -> [OrderedJSON.Member] {
        var members: [OrderedJSON.Member] = [.init("name", .text(node.name))]
        if node.local { members.append(.init("local", .boolean(true))) }
        if let address = node.address { members.append(.init("address", .text(address))) }
        var ssh: [OrderedJSON.Member] = []
        if let user = node.ssh.user { ssh.append(.init("user", .text(user))) }
        if node.ssh.sudo { ssh.append(.init("sudo", .boolean(true))) }
        if let file = node.ssh.configFile { ssh.append(.init("configFile", .text(file))) }
        if !ssh.isEmpty { members.append(.init("ssh", .object(ssh))) }
        return members
    }

    /// Whether each node has a key of its own; of one node, or of none with a key, that is what is best.
    private static func perNode(_ servers: [AdoptedServer]) -> Bool {
        let keys = servers.compactMap { $0.client?.summary.publicKeySHA256 }
        return keys.count < 2 || Set(keys).count > 1
    }

    // MARK: - Notes

    private static func differences(
        _ servers: [AdoptedServer], from model: AdoptedServer
    ) -> [AdoptionNote] {
        let off = servers.filter(\.flags.lacksAggregation).map(\.node.name)
        var notes: [AdoptionNote] = off.isEmpty ? [] : [.layerOff(nodes: off, byHand: model.service == nil)]
        for server in servers where server.node.name != model.node.name && !off.contains(server.node.name) {
            let others = APIServerFlags.names.filter { server.flags.meant($0) != model.flags.meant($0) }
            notes += others.map { name in
                .differs(
                    node: server.node.name, what: "--\(name)", found: .value(server.flags.given(name)),
                    kept: .value(model.flags.given(name)))
            }
            func compare(_ what: Message, _ value: (AdoptedServer) -> String?) {
                guard let found = value(server), let kept = value(model), found.bytes != kept.bytes else {
                    return
                }
                notes.append(
                    .differs(node: server.node.name, what: what, found: "\(found)", kept: "\(kept)"))
            }
            compare("the requestheader CA") { $0.authorities.first?.summary.described }
            compare("the subject of the proxy client certificate") { $0.client?.summary.subject }
        }
        return notes
    }

    private static func surroundings(_ servers: [AdoptedServer], _ terms: Terms) -> [AdoptionNote] {
        var notes: [AdoptionNote] = []
        if servers.count > 1, !perNode(servers) { notes.append(.sharedPair) }
        for server in servers {
            let name = server.node.name
            if let mode = server.keyMode, mode & 0o077 != 0, let path = server.keyPath {
                notes.append(.openKey(node: name, path: path, mode: mode))
            }
            if server.isClientUnsigned, let path = server.certificatePath {
                notes.append(.unsigned(node: name, path: path))
            }
            notes += server.caKeys.map { .caKeyOnNode(node: name, path: $0) }
            for (role, certificate) in [
                (AdoptionNote.Role.ca, server.authorities.first), (.proxyClient, server.client),
            ] {
                if let certificate { notes += times(name, role, certificate.summary, terms.now) }
            }
        }
        if terms.cluster == nil { notes.append(.clusterName(terms.clusterDefault)) }
        if terms.kubeconfig == nil { notes.append(.noKubeconfig) }
        return notes
    }

    private static func times(
        _ node: String, _ role: AdoptionNote.Role, _ certificate: CertificateSummary, _ now: UnixTime
    ) -> [AdoptionNote] {
        let end = certificate.notAfter
        if end <= now { return [.ended(node: node, role, end)] }
        if certificate.notBefore > now { return [.notYetValid(node: node, role, certificate.notBefore)] }
        return end < now.advanced(bySeconds: 30 * 86400) ? [.ends(node: node, role, end)] : []
    }
}

extension EffectiveFlags {
    /// What a flag was given as, for comparison; nil where it was not.
    func given(_ name: String) -> String? {
        let found = occurrences.filter { $0.name == name }
        return found.isEmpty ? nil : found.map { $0.value ?? "true" }.joined(separator: ",")
    }

    /// The same without what makes no difference: the order of a list.
    func meant(_ name: String) -> [ByteText]? {
        given(name).map { $0.split(separator: ",").map { String($0).bytes }.sorted() }
    }
}

extension Message {
    /// A flag's value, as a note says it.
    static func value(_ value: String?) -> Message { value.map { "\($0)" } ?? "not given" }
}

extension CertificateSummary {
    /// Two CAs may have one name.
    fileprivate var described: String { "\(subject), SHA-256 \(fingerprintSHA256.prefix(16))" }
}
