// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import LocalFiles
import Operations
import Planning
import Spec
import StateStore
import Values

/// A state directory for people.
struct StateReport {
    let summary: StateSummary
    let cluster: String
    let now: UnixTime
    /// What the run says of the directory's place.
    let notices: [Notice]

    init(_ run: Run) throws {
        summary = try StateSummary(run.state)
        (cluster, now, notices) = (run.spec.cluster, LocalHost.now(), run.notices)
    }

    private var inventory: StateInventory { summary.inventory }

    /// How much a state holds.
    static func size(_ inventory: StateInventory) -> Message {
        let leaves = inventory.leaves.count + inventory.earlierLeaves.values.reduce(0) { $0 + $1.count }
        return
            "\(Message.count(inventory.generations.count, "CA")) and \(Message.count(leaves, "certificate"))"
    }

    /// Whether this machine's timer renews the run's cluster.
    static func hasTimer(_ run: Run, _ effects: Effects) -> Bool {
        (try? Schedule(cluster: run.spec.cluster, effects: effects).status().isInstalled) ?? false
    }

    var lines: [Message] {
        var lines: [Message] = [
            "cluster \(cluster), state \(summary.path), mode 0\(String(summary.mode, radix: 8))", keys,
        ]
        if let first = inventory.exposedKeys.first {
            let others = inventory.exposedKeys.count - 1
            lines.append(
                others > 0
                    ? "others than the owner may read private keys: \(first) and \(others) more"
                    : "others than the owner may read private keys: \(first)"
            )
        }
        lines += ["", inventory.generations.isEmpty ? "no CA" : "CAs:"]
        for generation in inventory.generations { lines += authority(generation) }
        if !leaves.isEmpty { lines += ["", "proxy client certificates:"] }
        for (owner, leaf, isNewest) in leaves { lines += certificate(owner, leaf, isNewest) }
        lines += ["", rotation]
        if let rollback = summary.rollback {
            lines.append(
                "a rollback (\(rollback.direction.rawValue)) is not finished on \(list: rollback.nodes)"
            )
        }
        lines += inventory.compromised.map { "never trusted again: \($0.subject), since \($0.since)" }
        lines += ["", summary.history.isEmpty ? "no changes yet" : "last changes:"]
        lines += summary.history.map { "  \($0.time) \(StatusReport.words($0))" }
        return lines + (notices.isEmpty ? [] : [""] + notices.map { "\($0.line)" })
    }

    private var keys: Message {
        switch (inventory.encryptedKeys.count, inventory.plainKeys.count) {
        case (0, 0): "no private keys"
        case (let encrypted, 0): "\(Message.count(encrypted, "private key")), encrypted with a passphrase"
        case (0, let plain): "\(Message.count(plain, "private key")), not encrypted"
        case (let encrypted, let plain):
            "\(Message.count(encrypted + plain, "private key")), \(plain) of them not encrypted"
        }
    }

    private func authority(_ generation: CAGeneration) -> [Message] {
        let standing: Message =
            switch generation.standing {
            case .foreign: "made elsewhere"
            case .dropped: "dropped"
            case .issued: generation.id == inventory.current?.id ? "signs" : "issued"
            }
        let key: Message = generation.hasKey ? "with its key" : "without its key"
        let cross: Message = generation.crossSigned == nil ? "" : ", cross-signed"
        return ["  \(generation.id)  \(standing), \(key)\(cross)"] + facts(generation.certificate)
    }

    private func certificate(_ owner: String, _ leaf: IssuedLeaf, _ isNewest: Bool) -> [Message] {
        let name: Message = owner == LeafOwner.shared ? "all nodes" : "\(owner)"
        return ["  \(name)  \(leaf.id) of CA \(leaf.generation)\(isNewest ? "" : ", earlier")"]
            + facts(leaf.certificate)
    }

    private func facts(_ certificate: CertificateSummary) -> [Message] {
        [
            "    \(certificate.subject), until \(certificate.notAfter.date) (\(StatusTable.left(certificate.notAfter, now)))",
            "    SHA-256 \(certificate.fingerprintSHA256)",
        ]
    }

    /// By owner, the newest last.
    var leaves: [(owner: String, leaf: IssuedLeaf, isNewest: Bool)] {
        inventory.leaves.sorted { $0.key.bytes < $1.key.bytes }.flatMap { owner, newest in
            (inventory.earlierLeaves[owner] ?? []).map { (owner, $0, false) } + [(owner, newest, true)]
        }
    }

    private var rotation: Message {
        guard let terms = summary.rotation else { return "no rotation of the CA is open" }
        let does: Message = "it keeps \(terms.keep) and retires \(list: terms.retire)"
        return terms.direction == .back
            ? "a rotation of the CA is open since \(terms.since), and is being aborted: \(does)"
            : "a rotation of the CA is open since \(terms.since), \(does)"
    }
}

/// The same as JSON.
struct StateDocument: Encodable {
    struct Keys: Encodable {
        let encrypted: Int
        let plain: Int
        /// Files that others than their owner may read.
        let exposed: [String]
    }

    struct Authority: Encodable {
        let generation: String
        /// `issued`, `foreign` or `dropped`.
        let standing: String
        let signs: Bool
        let hasKey: Bool
        let isCrossSigned: Bool
        let certificate: StatusDocument.Certificate
    }

    struct Leaf: Encodable {
        /// A node's name; missing where all nodes share it.
        let node: String?
        let number: String
        let generation: String
        let isNewest: Bool
        let certificate: StatusDocument.Certificate
    }

    struct Rotation: Encodable {
        let since: String
        let direction: String
        let cause: String
        let keep: String
        let retire: [String]
    }

    struct Rollback: Encodable {
        let direction: String
        let nodes: [String]
    }

    struct Compromised: Encodable {
        let subject: String
        let sha256: String
        let since: String
    }

    let schemaVersion = JSONText.schemaVersion
    let cluster: String
    let state: String
    let mode: String
    let keys: Keys
    let authorities: [Authority]
    let leaves: [Leaf]
    let rotation: Rotation?
    let rollback: Rollback?
    let compromised: [Compromised]
    let history: [StatusDocument.Change]
    let notices: [StatusDocument.Remark]

    init(_ report: StateReport) {
        let (summary, inventory, now) = (report.summary, report.summary.inventory, report.now)
        (cluster, state) = (report.cluster, summary.path)
        mode = "0" + String(summary.mode, radix: 8)
        keys = Keys(
            encrypted: inventory.encryptedKeys.count, plain: inventory.plainKeys.count,
            exposed: inventory.exposedKeys)
        authorities = inventory.generations.map { generation in
            let path = "\(summary.path)/ca/\(generation.id)/ca.pem"
            return Authority(
                generation: generation.id, standing: "\(generation.standing)",
                signs: generation.id == inventory.current?.id, hasKey: generation.hasKey,
                isCrossSigned: generation.crossSigned != nil,
                certificate: .init(generation.certificate, role: "ca", path: path, now: now))
        }
        leaves = report.leaves.map { owner, leaf, isNewest in
            let path = "\(summary.path)/leaves/\(owner)/\(leaf.id)/certificate.pem"
            return Leaf(
                node: owner == LeafOwner.shared ? nil : owner, number: leaf.id, generation: leaf.generation,
                isNewest: isNewest,
                certificate: .init(leaf.certificate, role: "proxyClient", path: path, now: now))
        }
        rotation = summary.rotation.map {
            Rotation(
                since: $0.since, direction: $0.direction.rawValue, cause: $0.cause.rawValue, keep: $0.keep,
                retire: $0.retire)
        }
        rollback = summary.rollback.map { Rollback(direction: $0.direction.rawValue, nodes: $0.nodes) }
        compromised = inventory.compromised.map {
            Compromised(subject: $0.subject, sha256: $0.fingerprintSHA256, since: $0.since.description)
        }
        history = summary.history.map(StatusDocument.Change.init)
        notices = report.notices.map { .init(code: $0.code, message: "\($0.line)") }
    }
}
