// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Spec
import Values

@Suite struct SpecExplanationTests {
    @Test func everyFieldIsExplained() throws {
        #expect(SpecExplanation.overview.count == SpecFields.entries.count)
        for (entry, line) in zip(SpecFields.entries, SpecExplanation.overview) {
            #expect(line.hasPrefix("\(entry.path) ") && line.hasSuffix(entry.field.summary.description))
            let lines = try #require(SpecExplanation.lines(for: entry.path))
            #expect(
                lines.first?.description == entry.path
                    && lines.contains("  \(entry.field.summary)" as Message))
            #expect(lines.contains { $0.hasSuffix(": \(entry.field.example)") }, "\(entry.path)")
            let inner = SpecFields.object(in: entry.field.type)?.fields ?? []
            #expect(lines.contains("  fields" as Message) == !inner.isEmpty)
            for field in inner { #expect(lines.contains { $0.hasPrefix("    \(field.name) ") }) }
        }
    }

    static let meant: [(given: String, paths: [String])] = [
        ("certificates.ca.validty", ["certificates.ca.validity"]),
        ("key.size", ["certificates.ca.key.size", "certificates.proxyClient.key.size"]),
        ("certificates.leaf.expiry", ["certificates.proxyClient.validity"]),
        ("certificates.ca.CN", ["certificates.ca.commonName"]),
        ("node[0].adress", ["nodes[].address"]), ("address", ["nodes[].address"]),
        ("zzz", []), ("", []), (".", []), ("cluster.name", []),
        ("certificates.", ["certificates"]),
    ]

    @Test(arguments: meant) func whatWasMeant(given: String, paths: [String]) {
        #expect(SpecExplanation.lines(for: given) == nil)
        #expect(SpecExplanation.suggestions(for: given) == paths)
    }
}
