// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import StateStore
import Values

/// Proofs as text, as JSON and as an exit status.
struct ProofReport {
    let nodes: [NodeProofs]
    /// What the cluster says besides them.
    let notices: [Notice]
    /// Whether a proof that could not be made counts as one that failed.
    let requiresProof: Bool
    /// Whether the canary was asked for.
    let wantsCanary: Bool

    init(
        _ nodes: [NodeProofs], _ notices: [Notice] = [], requireProof: Bool = false, canary: Bool = false
    ) {
        (self.nodes, self.notices) = (nodes, notices)
        (requiresProof, wantsCanary) = (requireProof, canary)
    }

    var lines: [Message] {
        var lines: [Message] = []
        for node in nodes {
            lines.append("proofs on \(node.node):")
            let width = node.proofs.map { columns(of: $0.name) }.max() ?? 0
            for proof in node.proofs {
                let name = proof.name.padded(to: width)
                let mark =
                    switch proof.outcome {
                    case .passed: "ok  "
                    case .failed: "FAIL"
                    case .notProven: "--  "
                    }
                let text: Message =
                    proof.outcome == .notProven ? "not proven: \(proof.text)" : "\(proof.text)"
                lines.append("  \(mark) \(name)  \(text)")
            }
            lines.append("")
        }
        guard !notices.isEmpty else { return lines }
        return lines + notices.map { "note: \($0.line)" } + [""]
    }

    var status: ExitStatus { shortfall == nil ? .done : .proofFailed }

    /// Why the exit status is 4, and which proofs are behind it; nil where it is 0.
    var shortfall: Message? {
        let failed = named(.failed)
        let all = nodes.reduce(0) { $0 + $1.proofs.count }
        if !failed.isEmpty {
            return "\(failed.count) of \(Message.count(all, "proof")) failed (status 4): \(Self.list(failed))"
        }
        let open = named(.notProven)
        guard requiresProof, !open.isEmpty else { return isWithoutCanary ? Self.withoutCanary : nil }
        return
            "\(open.count) of \(Message.count(all, "proof")) could not be made, and --require-proof is given "
            + "(status 4): \(Self.list(open))"
    }

    /// Where kube-apiserver does not run.
    var nodesThatAreDown: [String] {
        nodes.filter { node in
            node.proofs.contains { $0.name == "command-line" && $0.outcome == .notProven }
        }.map(\.node)
    }

    /// What a last line says of control planes that prove nothing, because kube-apiserver does not run there.
    var unprovenNodes: Message {
        let names = nodesThatAreDown
        return names.isEmpty
            ? "" : "not proved on \(StatusTable.names(names)), where kube-apiserver does not run; "
    }

    /// Whether running API servers were asked, and what their aggregators present was not.
    var leavesOutCanary: Bool {
        !wantsCanary && nodes.contains { $0.proofs.contains { $0.name == "identity" } }
    }

    /// Whether the canary that was asked for was seen by no control plane.
    private var isWithoutCanary: Bool {
        let proofs = nodes.flatMap(\.proofs).filter { $0.name == "canary" }
        return wantsCanary && !proofs.isEmpty && proofs.allSatisfy { $0.outcome == .notProven }
    }

    private func isCanarys(_ proof: Proof) -> Bool {
        ["canary", "presented-certificate"].contains(proof.name)
    }

    private static let withoutCanary: Message =
        "no proof of the canary could be made, and --canary is given (status 4)"

    func count(_ outcome: Proof.Verdict) -> Int { named(outcome).count }

    /// `NODE PROOF` of each one that ended so.
    private func named(_ outcome: Proof.Verdict) -> [String] {
        nodes.flatMap { node in
            node.proofs.filter { $0.outcome == outcome }.map { "\(node.node) \($0.name)" }
        }
    }

    private static func list(_ names: [String], limit: Int = 12) -> Message {
        let rest = names.count - limit
        return "\(list: names.prefix(limit))" + (rest > 0 ? ", and \(rest) more" : "")
    }

    struct Document: Encodable {
        struct Node: Encodable {
            let name: String
            let proofs: [Entry]
            let certificates: [Installed]
        }

        struct Entry: Encodable {
            let name: String
            let outcome: String
            let text: String

            init(_ proof: Proof) {
                outcome =
                    switch proof.outcome {
                    case .passed: "passed"
                    case .failed: "failed"
                    case .notProven: "not-proven"
                    }
                (name, text) = (proof.name, "\(proof.text)")
            }
        }

        /// A certificate that lies on the node: its proxy client certificate, or a requestheader CA that it trusts.
        struct Installed: Encodable {
            let role: String
            let path: String
            let subject: String
            let serial: String
            let notBefore: String
            let notAfter: String
            let sha256: String

            init(_ installed: InstalledCertificate) {
                role = installed.role.rawValue
                path = installed.path
                let certificate = installed.certificate
                (subject, serial) = (certificate.subject, certificate.serial)
                notBefore = certificate.notBefore.description
                notAfter = certificate.notAfter.description
                sha256 = certificate.fingerprintSHA256
            }
        }

        let schemaVersion = JSONText.schemaVersion
        let nodes: [Node]
        let notices: [NoticeDocument]
    }

    /// What is no proof and concerns the cluster.
    struct NoticeDocument: Encodable {
        let code: String
        let message: String
    }

    var document: Document {
        Document(
            nodes: nodes.map { node in
                .init(
                    name: node.node, proofs: node.proofs.map(Document.Entry.init),
                    certificates: node.certificates.map(Document.Installed.init))
            }, notices: notices.map { NoticeDocument(code: $0.code, message: "\($0.line)") })
    }

    func json() throws -> String { try JSONText.of(document) }

    /// As CI systems show them.
    /// - Parameter file: the spec, which stands for what is on a node; nil for the embedded one.
    func checks(file: String?) -> [ReportedCheck] {
        let proved = nodes.flatMap { node in
            node.proofs.map { proof in
                let level: ReportedCheck.Level =
                    switch proof.outcome {
                    case .passed: .passed
                    case .failed: .error
                    case .notProven: requiresProof || isWithoutCanary && isCanarys(proof) ? .error : .skipped
                    }
                return ReportedCheck(
                    name: proof.name, level: level, subject: node.node, file: file, line: nil,
                    text: level == .error && proof.outcome == .notProven
                        ? "not proven: \(proof.text)" : "\(proof.text)",
                    rule: ProofRules.rule(proof.name))
            }
        }
        return proved
            + notices.map { notice in
                ReportedCheck(
                    name: notice.code, level: .warning, subject: "cluster", file: file, line: nil,
                    text: "\(notice.line)", rule: ProofRules.clusterRule)
            }
    }
}

/// JSON for machines: sorted keys, two-space indentation; safe to look at on a terminal too.
enum JSONText {
    /// Of every document. 2: what is proved of a node is in `nodes` everywhere, and a failure is in `error`.
    static let schemaVersion = 2

    static func of(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return SafeText.json(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
