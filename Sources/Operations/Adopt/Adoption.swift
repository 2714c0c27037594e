// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import LocalFiles
import PKI
import Planning
import Secrets
import Spec
import StateStore
import Values

/// A spec that describes control planes that run already, and the state directory that goes with it.
package struct Adoption: Sendable {
    package struct Request: Sendable {
        /// `USER@HOST` or `HOST` each; empty for the machine that the program runs on.
        package var destinations: [String]
        /// A file for `ssh -F`.
        package var sshConfig: String?
        package var cluster: String?
        package var kubeconfig: String?
        /// What --state names.
        package var state: String?
        /// The private key of the CA that the nodes trust, to be taken into the state directory.
        package var caKey: String?
        package var passphrase: SecretBytes?

        package init(
            destinations: [String], sshConfig: String?, cluster: String?, kubeconfig: String?, state: String?,
            caKey: String?, passphrase: SecretBytes?
        ) {
            self.destinations = destinations
            self.sshConfig = sshConfig
            self.cluster = cluster
            self.kubeconfig = kubeconfig
            self.state = state
            self.caKey = caKey
            self.passphrase = passphrase
        }
    }

    /// The spec in JSON, with a line feed at its end.
    package let text: String
    package let notes: [AdoptionNote]
    /// The CA whose key was taken over; nil where none was asked for.
    package let taken: Taken?

    package struct Taken: Sendable {
        package let subject: String
        /// The state directory.
        package let state: String
    }

    /// Reads every control plane; changes none. With a CA's key, it goes into the state directory.
    package init(_ request: Request, effects: Effects) async throws {
        let reader = CertificateReader()
        try request.checkFiles()
        let spec = try AdoptionTargets(request).spec()
        let controlPlanes = ControlPlanes(
            spec, nodes: spec.nodes, root: nil, given: .init(unit: nil), reader: reader, effects: effects)
        var servers = try await controlPlanes.adopt()
        try AdoptionChecks.check(servers)
        let states = KnownStates(request, reader: reader)
        let owner = try states.owner(of: servers)
        if owner == nil { try states.checkNamed(servers) }
        for index in servers.indices {
            if let name = owner?.name(of: servers[index]) { servers[index].node.name = name }
        }
        Self.nameApart(&servers)
        let adopted = AdoptedSpec(
            servers,
            .init(
                cluster: try request.cluster ?? owner?.cluster ?? states.named(),
                clusterDefault: "kubernetes",
                kubeconfig: try request.kubeconfig.map(Self.absolute),
                stateDirectory: try request.state.map(Self.absolute), now: effects.now()))
        text = adopted.text
        // Never hand out a spec that would be refused.
        let made = try ClusterSpec.parse(Array(text.utf8), fileName: "<new spec>")
        var notes = adopted.notes
        let subject = servers.lazy.compactMap { $0.sharedAuthority == nil ? $0.authorities.first : nil }.first
        if let caKey = request.caKey {
            let takeover = CATakeover(made, servers, request, reader: reader)
            taken = try takeover.take(caKey, now: effects.now())
            notes.append(.clientsAreIssued)
        } else {
            taken = nil
            if let subject, owner == nil { notes.append(.foreignCA(subject: subject.summary.subject)) }
        }
        self.notes = await AdoptionPreview(spec: made, request: request, effects: effects).complete(notes)
    }

    private static func absolute(_ path: String) throws -> String {
        try path.isAbsolutePath ? path : LocalHost.absolute(path)
    }

    /// Two machines may have the same name.
    private static func nameApart(_ servers: inout [AdoptedServer]) {
        let names = servers.map(\.node.name)
        guard Set(names).count < names.count else { return }
        for index in servers.indices { servers[index].node.name = "cp\(index + 1)" }
    }
}
