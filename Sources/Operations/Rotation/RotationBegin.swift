// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import PKI
import Planning
import Spec
import StateStore
import SystemdUnits
import Values

// The first two stages: what has to hold before, and what is made.
extension CARotation {
    /// Control planes that the layer is not on yet, where `init` could not bring them in: a CA whose key was not kept
    /// cannot sign for them. The next one does, and `init` has what it needs.
    func newNodes() async throws -> [String] {
        guard !run.spec.certificates.ca.keepsKey else { return [] }
        let observed = try await run.controlPlanes.observe()
        let new = observed.filter { node in
            // One whose files were lost still presents a proxy client.
            let running = node.unit?.live?.runningArguments ?? []
            let flags = EffectiveFlags.parse(commandLine: running)
            return node.ca.kind == .absent && node.requestHeaderCAs.isEmpty
                && flags.string("requestheader-client-ca-file") == nil
        }.map(\.name)
        guard !new.isEmpty, new.count < observed.count else { return [] }
        say(
            .preflight,
            "\(new.joined(separator: ", ")) left to init, which brings in what is signed now: no requestheader CA there yet"
        )
        return new
    }

    /// - Throws: where a control plane does not serve, or is not as the others are.
    func preflight(_ observed: [ObservedNode]) throws {
        for node in observed {
            if case .unhealthy(let why) = node.health {
                throw refusal("unhealthy", node, "it does not serve: \(why)")
            }
            if node.transaction != nil {
                throw refusal("interrupted", node, "a change of it was interrupted", "run init first")
            }
            guard node.ca.kind != .absent || !node.requestHeaderCAs.isEmpty else {
                throw refusal(
                    "no-aggregation", node, "it has no requestheader CA yet",
                    (try? open()) == nil
                        ? "run init first" : "take it out of the spec until this is done, then run init")
            }
            let paths = Set(node.requestHeaderCAs.map(\.path))
            guard paths == [node.ca.path], node.installedLeaf != nil else {
                throw refusal(
                    "other-paths", node,
                    "its requestheader CA and proxy client are not where the spec says: "
                        + "\(paths.sorted().joined(separator: ", ")), expected \(node.ca.path)",
                    "name the paths that are in use in certificates.directory and certificates.files")
            }
            if let problem = node.requestHeaderCAs.compactMap(\.problem).first {
                throw refusal("unreadable", node, "\(node.ca.path) cannot be read: \(problem)")
            }
            let name = node.installedLeaf?.commonName ?? ""
            guard run.spec.requestHeader.allowedNames.containsBytes(name) else {
                throw refusal(
                    "other-name", node,
                    "its proxy client is \(name), which is not in requestHeader.allowedNames of the spec",
                    "add that name to the spec for the time of the rotation: it would be refused in between")
            }
        }
    }

    /// An API server that is not in the spec keeps the old CA and presents its proxy client: its aggregated requests fail
    /// once everybody else has dropped that CA.
    func refuseUnlisted(_ gates: RotationGates, _ observed: [ObservedNode]) async throws {
        let accepted = Set(options.acceptsUnlisted.map(MachineAddresses.canonical))
        let unlisted = try await gates.unlisted(observed).filter { !accepted.contains($0) }
        guard let first = unlisted.first else { return }
        throw BootstrapError(
            "rotation/unlisted",
            "an API server at \(unlisted.joined(separator: ", ")) serves this cluster and is not in the spec: it would "
                + "keep the old CA, and its aggregated requests would fail once that is dropped",
            hint: "add it to the spec; where that is known and bearable, --accept-unlisted \(first)")
    }

    func refusal(
        _ code: String, _ node: ObservedNode, _ why: String,
        _ hint: String = "mend that first; nothing was changed"
    ) -> BootstrapError { BootstrapError("rotation/\(code)", "\(node.name): \(why)", hint: hint) }

    /// The terms of the rotation that is open, unless its new CA was never stored.
    func resumed(_ inventory: StateInventory) throws -> RotationTerms? {
        guard let terms = try open() else { return nil }
        guard inventory.generation(terms.keep) != nil else { return nil }
        let way = terms.direction == .forward ? "going on with" : "going back from"
        run.effects.progress(.line("\(way) the rotation that was begun at \(terms.since)"))
        return terms
    }

    /// Makes the new CA, in the state directory only, after its name has been written down.
    func begin(_ observed: [ObservedNode], _ inventory: StateInventory) async throws -> RotationTerms {
        let (spec, now, state) = (run.spec, run.effects.now(), run.state)
        let old = try sharedBundle(observed)
        var inventory = try register(observed, trusting: old, inventory)
        let retire = inventory.generations.filter { old.contains($0.certificate.fingerprintSHA256) }
        try await refuse(retire)
        if let first = run.nodes.first,
            try !RetiredPair(state: state).keep(spec.certificates, from: run.link(first).node)
        {
            throw BootstrapError("rotation/no-pair", "\(first.name): its proxy-client pair cannot be read")
        }
        try state.removeOrphanedLeaves()
        inventory = try state.inventory()
        // Of a run that was killed before its CA was there.
        let earlier = try open()?.cause
        let cause = options.cause.isCompromise ? options.cause : earlier ?? options.cause
        var terms = RotationTerms(
            keep: "", retire: retire.map(\.id), cause: cause, since: now.description)
        let issues = Planner.newCA(spec, inventory: inventory, now: now)
        inventory = try await issuer(now).issue(issues, inventory: inventory) { id in
            terms.keep = id
            try ledger.append(terms, now: now)
        }
        let certificate = try generations(terms).keep.certificate
        let isKept = spec.certificates.ca.keepsKey
        say(
            .issue,
            "\(certificate.subject), until \(certificate.notAfter.date)\(isKept ? "" : ", whose key is not kept")"
        )
        say(.issue, "\(Self.clients(issues.count - 1)) of \(certificate.subject)")
        return terms
    }

    private func issuer(_ now: UnixTime) -> Issuer {
        Issuer(state: run.state, ledger: ledger, now: now, keepsCAKey: run.spec.certificates.ca.keepsKey)
    }

    private static func clients(_ count: Int) -> String { "\(count) proxy client\(count == 1 ? "" : "s")" }

    /// Takes CAs that this state did not issue into it, without their keys.
    private func register(
        _ observed: [ObservedNode], trusting bundle: Set<String>, _ inventory: StateInventory
    ) throws -> StateInventory {
        var inventory = inventory
        for node in observed {
            for certificate in try run.reader.bundle(pem: node.ca.content ?? [], path: node.ca.path)
            where !inventory.generations.contains(where: {
                $0.certificate.fingerprintSHA256 == certificate.summary.fingerprintSHA256
            }) {
                try run.state.addForeignGeneration(
                    certificate.summary, pem: certificate.pem, after: inventory)
                inventory = try run.state.inventory()
            }
        }
        if let dropped = inventory.generations.first(where: {
            $0.standing == .dropped && bundle.contains($0.certificate.fingerprintSHA256)
        }) {
            run.effects.progress(
                .line(
                    "\(dropped.certificate.subject) was dropped before and is trusted again: it is replaced"))
        }
        return inventory
    }

    /// The CAs that all control planes trust, by fingerprint.
    func sharedBundle(_ observed: [ObservedNode]) throws -> Set<String> {
        let bundles = observed.map {
            Set($0.requestHeaderCAs.flatMap(\.certificates).map(\.fingerprintSHA256))
        }
        if let other = zip(observed, bundles).first(where: { $0.1 != bundles[0] })?.0 {
            throw refusal(
                "divergence", other, "it trusts other CAs than \(observed[0].name)",
                "make them alike first: aggbootstrap plan shows what they hold")
        }
        return bundles[0]
    }

    /// Issues the proxy clients that the CA which stays has not signed yet.
    func issueLeaves(_ terms: RotationTerms) async throws {
        let keep = try generations(terms).keep
        let inventory = try run.state.inventory()
        let stage = CertificateStage(bundle: [keep], leaves: .signed(by: keep))
        var spec = run.spec
        // On the way back nothing is new: a control plane that came since is not what it was before.
        if terms.direction == .back { spec.nodes = run.nodes }
        let issues = Planner.issues(spec, inventory: inventory, now: run.effects.now(), stage: stage)
        guard !issues.isEmpty else { return }
        guard keep.hasKey else {
            throw BootstrapError(
                "rotation/no-key",
                "the key of \(keep.certificate.subject) is not in the state, so it cannot sign proxy clients",
                hint:
                    "restore the state directory from its backup; where a control plane was added to the spec since this was "
                    + "begun, take it out until it is done")
        }
        _ = try await issuer(run.effects.now()).issue(issues, inventory: inventory, signing: keep)
        say(.issue, "\(Self.clients(issues.count)) of \(keep.certificate.subject)")
    }
}
