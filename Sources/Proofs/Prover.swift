// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import PKI
import Planning
import Spec
import SystemdUnits
import Values

/// Proves on one node that the aggregation layer is set up and works.
struct Prover {
    let spec: ClusterSpec
    let nodeSpec: NodeSpec
    let link: NodeLink
    let reader: CertificateReader
    let observed: ObservedNode
    let now: UnixTime
    var purpose = ProofPurpose.change

    private var directory: String { spec.certificates.directory }
    private var paths: (ca: String, certificate: String, key: String) {
        let files = spec.certificates.files
        return ("\(directory)/\(files.ca)", "\(directory)/\(files.certificate)", "\(directory)/\(files.key)")
    }

    func prove() async throws -> NodeProofs {
        var proofs = [fileModes()]
        var certificates: [InstalledCertificate] = []
        if let pair = try installedPair() {
            certificates = [InstalledCertificate(.proxyClient, paths.certificate, pair.chain[0].summary)]
            certificates += pair.bundle.map { InstalledCertificate(.ca, paths.ca, $0.summary) }
            proofs += [chain(pair), lifetime(pair), try keyMatch(pair), allowedName(pair)]
        } else {
            proofs.append(Proof("chain", .failed, "no certificate can be read in \(directory)"))
        }
        proofs.append(separation())
        if !spec.apiServer.isExternal { proofs.append(flags()) }
        if observed.access == .live {
            proofs += try await LiveProver(
                spec: spec, nodeSpec: nodeSpec, link: link, observed: observed, now: now,
                purpose: purpose
            ).prove()
        }
        return NodeProofs(node: nodeSpec.name, proofs: proofs, certificates: certificates)
    }

    // MARK: - On disk

    /// What is installed: the trust bundle and the certificate.
    struct InstalledPair {
        let bundle: [Certificate]
        let chain: [Certificate]
    }

    private func installedPair() throws -> InstalledPair? {
        // What was observed is judged; a link's target was not read.
        guard let ca = try observed.ca.content ?? link.node.read(paths.ca),
            let certificate = try observed.certificate.content ?? link.node.read(paths.certificate),
            let bundle = try? reader.bundle(pem: ca, path: paths.ca),
            let chain = try? reader.bundle(pem: certificate, path: paths.certificate),
            !chain.isEmpty
        else { return nil }
        return InstalledPair(bundle: bundle, chain: chain)
    }

    private func fileModes() -> Proof {
        var problems: [Message] = []
        let wanted: [(ObservedFile, UInt32)] = [
            (observed.ca, 0o644), (observed.certificate, 0o644), (observed.key, 0o600),
        ]
        for (file, mode) in wanted {
            if file.kind != .regular {
                problems.append("\(file.path) is \(file.kind == .absent ? "missing" : "not a plain file")")
                continue
            }
            if file.mode != mode {
                problems.append(
                    "\(file.path) has mode 0\(String(file.mode, radix: 8)), not 0\(String(mode, radix: 8))")
            }
            if let owner = observed.ownerIDs, owner != [file.userID, file.groupID] {
                problems.append(
                    "\(file.path) belongs to \(file.userID):\(file.groupID), not to \(owner[0]):\(owner[1])")
            }
        }
        return problems.isEmpty
            ? Proof("files", .passed, "the three files in \(directory) have the right modes and owners")
            : Proof("files", .failed, problems.joined(separator: "; "))
    }

    private func chain(_ pair: InstalledPair) -> Proof {
        let leaf = pair.chain[0]
        do {
            try ChainVerifier.verify(
                leaf: leaf, intermediates: Array(pair.chain.dropFirst()), bundle: pair.bundle, at: now)
            let behind = pair.chain.dropFirst().map {
                "; followed by \($0.summary.subject), signed by \($0.summary.issuer), until \($0.summary.notAfter.date)"
                    as Message
            }
            return Proof(
                "chain", .passed,
                "\(leaf.summary.subject) verifies under \(leaf.summary.issuer)\(behind.joined())")
        } catch {
            return Proof("chain", .failed, "\(error)")
        }
    }

    private func lifetime(_ pair: InstalledPair) -> Proof {
        let leaf = pair.chain[0].summary
        let issuer = pair.bundle.first { $0.summary.subjectDER == leaf.issuerDER }?.summary
        if let issuer, leaf.notAfter > issuer.notAfter {
            return Proof(
                "lifetime", .failed,
                "the certificate lasts until \(leaf.notAfter), its CA only until \(issuer.notAfter)")
        }
        let due = RenewalPolicy.dueTime(leaf)
        let text: Message = "until \(leaf.notAfter.date), due for renewal from \(due.date)"
        return now < leaf.notAfter
            ? Proof("lifetime", .passed, text) : Proof("lifetime", .failed, "expired at \(leaf.notAfter)")
    }

    private func keyMatch(_ pair: InstalledPair) throws -> Proof {
        guard let key = try link.node.readSecret(paths.key) else {
            return Proof("key", .failed, "\(paths.key) is missing")
        }
        do {
            let matches = try KeyPair.matches(certificate: pair.chain[0], key: key)
            return matches
                ? Proof("key", .passed, "the private key belongs to the certificate")
                : Proof("key", .failed, "\(paths.key) does not belong to \(paths.certificate)")
        } catch {
            return Proof("key", .failed, "\(error)")
        }
    }

    private func allowedName(_ pair: InstalledPair) -> Proof {
        let name = pair.chain[0].summary.commonName ?? ""
        let written = writtenFlags?.list("requestheader-allowed-names") ?? []
        let allowed = written.isEmpty ? spec.requestHeader.allowedNames : written
        return allowed.containsBytes(name)
            ? Proof("allowed-name", .passed, "\(name) is in --requestheader-allowed-names")
            : Proof("allowed-name", .failed, "\(name) is not in \(list: allowed)")
    }

    private func separation() -> Proof {
        guard let clientCA = observed.clientCA else {
            return Proof("ca-separation", .notProven, "the client CA's file is not known, or not there")
        }
        if let problem = clientCA.problem {
            return Proof("ca-separation", .notProven, "\(clientCA.path) cannot be read: \(problem)")
        }
        let keys = Set(clientCA.certificates.map(\.publicKeySHA256))
        let shared = observed.requestHeaderCAs.flatMap(\.certificates).first {
            keys.contains($0.publicKeySHA256)
        }
        if let shared {
            return Proof("ca-separation", .failed, "\(shared.subject) is also a client CA (\(clientCA.path))")
        }
        return Proof("ca-separation", .passed, "no key is shared with the client CA \(clientCA.path)")
    }

    /// Whether the flags are in a unit of the operator's, which may be a link.
    private var isKept: Bool {
        if case .kept = FlagsTarget.resolve(spec, unit: observed.unit, access: observed.access) {
            return true
        }
        return false
    }

    /// What the files give kube-apiserver; nil where they do not tell, and after a change, which has written them itself.
    private var writtenFlags: EffectiveFlags? {
        guard observed.access == .offline || purpose == .verification else { return nil }
        return WrittenFlags.of(observed, unit: spec.apiServer.unit)
    }

    private func flags() -> Proof {
        let isThere = observed.flags.kind == .regular || isKept && observed.flags.kind == .symbolicLink
        guard isThere else { return Proof("flags-file", .failed, "\(observed.flags.path) is missing") }
        let others = writtenFlags.map {
            APIServerFlags(spec: spec).differences(from: $0, decidesRouting: spec.apiServer.decidesRouting)
        }
        guard let others, !others.isEmpty else {
            return Proof("flags-file", .passed, "\(observed.flags.path)")
        }
        let names = others.map { "--\($0.name)" }.joined(separator: ", ")
        return Proof(
            "flags-file", .failed, "the files of \(spec.apiServer.unit) differ from the spec in \(names)")
    }
}

extension ControlPlanes {
    /// Makes every proof on every node; changes nothing.
    /// - Parameters:
    ///   - observed: what was seen of the nodes a moment ago, where nothing has changed since.
    ///   - purpose: what the proofs are for.
    package func prove(
        _ observed: [ObservedNode]? = nil, for purpose: ProofPurpose = .change
    ) async throws -> [NodeProofs] {
        try checkReach()
        let now = effects.now()
        let seen: [ObservedNode]
        if let observed { seen = observed } else { seen = try await observe() }
        let observedNodes = Dictionary(seen.map { ($0.name, $0) }) { first, _ in first }
        let proxies = ProxyProver(purpose: purpose, servers: await serversBehindProxies(seen))
        let results = await onEachNode(nodes) { node -> NodeProofs? in
            guard let observed = observedNodes[node.name] else { return nil }
            var proofs = try await Prover(
                spec: spec, nodeSpec: node, link: try link(node), reader: reader, observed: observed,
                now: now,
                purpose: purpose
            ).prove()
            if observed.access == .live { proofs.proofs.append(proxies.proof(observed)) }
            return proofs
        }
        return try Self.values(nodes, results).compactMap { $0 }
    }
}
