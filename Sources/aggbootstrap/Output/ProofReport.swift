// SPDX-License-Identifier: Apache-2.0

import Bootstrap
import ClusterPlan
import FoundationEssentials

/// Proofs as text, as JSON and as an exit status.
struct ProofReport {
    let nodes: [NodeProofs]

    init(_ nodes: [NodeProofs]) { self.nodes = nodes }

    var lines: [String] {
        var lines: [String] = []
        for node in nodes {
            lines.append("proofs on \(node.node):")
            let width = node.proofs.map(\.name.count).max() ?? 0
            for proof in node.proofs {
                let name = proof.name + String(repeating: " ", count: width - proof.name.count)
                let mark =
                    switch proof.outcome {
                    case .passed: "ok  "
                    case .failed: "FAIL"
                    case .notProven: "--  "
                    }
                let text = proof.outcome == .notProven ? "not proven: \(proof.text)" : proof.text
                lines.append("  \(mark) \(name)  \(text)")
            }
            lines.append("")
        }
        return lines
    }

    func status(requireProof: Bool) -> ExitStatus {
        let outcomes = nodes.flatMap(\.proofs).map(\.outcome)
        if outcomes.contains(.failed) { return .proofFailed }
        return requireProof && outcomes.contains(.notProven) ? .proofFailed : .done
    }

    struct Document: Encodable {
        struct Node: Encodable {
            let name: String
            let proofs: [Entry]
        }

        struct Entry: Encodable {
            let name: String
            let outcome: String
            let text: String
        }

        var schemaVersion = 1
        let nodes: [Node]
    }

    var document: Document {
        Document(
            nodes: nodes.map { node in
                .init(
                    name: node.node,
                    proofs: node.proofs.map { proof in
                        let outcome =
                            switch proof.outcome {
                            case .passed: "passed"
                            case .failed: "failed"
                            case .notProven: "not-proven"
                            }
                        return .init(name: proof.name, outcome: outcome, text: proof.text)
                    })
            })
    }

    func json() throws -> String { try JSONText.of(document) }
}

/// JSON for machines: sorted keys, two-space indentation.
enum JSONText {
    static func of(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
