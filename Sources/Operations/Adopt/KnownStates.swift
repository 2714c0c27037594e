// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import PKI
import Planning
import Spec
import StateStore
import Values

/// The state directories of this machine, one of which may be that of the control planes that are adopted.
struct KnownStates {
    private let request: Adoption.Request
    private let reader: CertificateReader

    init(_ request: Adoption.Request, reader: CertificateReader) {
        (self.request, self.reader) = (request, reader)
    }

    /// A cluster, and what its state directory holds.
    struct Owner {
        let cluster: String
        let inventory: StateInventory

        /// The name under which a control plane got its certificate; nil where it got none, or one for all.
        func name(of server: AdoptedServer) -> String? {
            guard let client = server.client?.summary.fingerprintSHA256 else { return nil }
            return inventory.leaves.first { owner, leaf in
                owner != LeafOwner.shared && leaf.certificate.fingerprintSHA256 == client
            }?.key
        }
    }

    /// The cluster whose state directory has issued a CA that a control plane trusts; nil where there is none.
    func owner(of servers: [AdoptedServer]) throws -> Owner? {
        let trusted = Set(servers.flatMap(\.authorities).map(\.summary.fingerprintSHA256))
        guard !trusted.isEmpty else { return nil }
        for candidate in try candidates() {
            // One that cannot be read, or is of another program, is not theirs.
            let state = StateDirectory(
                path: candidate.path, cluster: candidate.cluster, passphrase: nil, reader: reader)
            guard let inventory = try? state.inventory() else { continue }
            let isTheirs = inventory.generations.contains {
                $0.standing == .issued && trusted.contains($0.certificate.fingerprintSHA256)
            }
            if isTheirs { return Owner(cluster: candidate.cluster, inventory: inventory) }
        }
        return nil
    }

    /// The cluster whose state directory --state names; nil where it names none, or a new one.
    func named() throws -> String? { try request.state.flatMap { try cluster($0) } }

    /// Called where no control plane trusts a CA of that state directory.
    /// - Throws: `adopt/state-in-use` where it is that of other control planes.
    func checkNamed(_ servers: [AdoptedServer]) throws {
        guard request.caKey == nil, let path = request.state, let name = try named() else { return }
        let state = StateDirectory(path: path, cluster: name, passphrase: nil, reader: reader)
        let current = try? state.inventory().current
        let hasOthers = current != nil && servers.contains { !$0.authorities.isEmpty }
        guard hasOthers || request.cluster.map({ $0 != name }) ?? false else { return }
        let ca: Message = current.map { ", whose CA is \($0.certificate.subject)" } ?? ""
        throw BootstrapError(
            "adopt/state-in-use",
            "the state directory \(path) is that of cluster \(name)\(ca), and no control plane trusts a CA of it",
            hint: "give another one with --state DIR, or leave out --state")
    }

    private func candidates() throws -> [(path: String, cluster: String)] {
        if let state = request.state { return try cluster(state).map { [(state, $0)] } ?? [] }
        guard let spec = try? AdoptionTargets(request).spec() else { return [] }
        let parent = StatePlace(spec, state: nil, root: nil).path.splitPath.directory
        return try FileReader.list(parent).compactMap { name in
            try cluster("\(parent)/\(name)").map { ("\(parent)/\(name)", $0) }
        }
    }

    private func cluster(_ state: String) throws -> String? {
        guard let bytes = try? FileReader.read("\(state)/cluster", limit: 1 << 10) else { return nil }
        let name = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        return SpecFormat.clusterName.accepts(name) ? name : nil
    }
}
