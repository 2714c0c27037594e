// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Spec
import Values

/// The table must be true by itself: schema, reference and messages are made of it.
@Suite struct SpecFieldsTests {
    @Test func rowsHold() throws {
        for entry in SpecFields.entries {
            let field = entry.field
            #expect(
                field.summary.hasSuffix(".") && field.summary.description.first?.isUppercase == true,
                "\(entry.path)")
            let object = SpecObject(name: "row", summary: "", fields: [field])
            var reader = SpecReader()
            let example = try LocatedJSON.parse(Array("{\"\(field.name)\": \(field.example)}".utf8))
            _ = reader.section(example, as: object, path: "")
            #expect(reader.problems.isEmpty, "\(entry.path): \(reader.problems)")
            if case .text(let format) = field.type, let pattern = format.pattern {
                let text = field.example.dropFirst().dropLast()
                #expect(text.range(of: pattern, options: .regularExpression) != nil, "\(entry.path)")
            }
            let value: String? =
                switch field.presence {
                case .defaultText(let text): SpecDocument.json(text)
                case .defaultTexts(let texts): "[\(texts.map(SpecDocument.json).joined(separator: ","))]"
                case .defaultBoolean(let flag): "\(flag)"
                case .defaultObject: "{}"
                case .required, .optional, .derived: nil
                }
            guard let value else { continue }
            let given = try LocatedJSON.parse(Array("{\"\(field.name)\": \(value)}".utf8))
            _ = reader.section(given, as: object, path: "")
            #expect(reader.problems.isEmpty, "\(entry.path): default \(value): \(reader.problems)")
        }
    }

    @Test func namesDiffer() {
        #expect(Set(SpecFields.entries.map(\.path)).count == SpecFields.entries.count)
        #expect(Set(SpecProblem.Code.allCases.map(\.rawValue)).count == SpecProblem.Code.allCases.count)
    }

    @Test func fieldsAreFound() {
        #expect(SpecFields.entry(at: "certificates.ca.key.size")?.field.name == "size")
        #expect(SpecFields.entry(at: "nodes[2].ssh.user")?.path == "nodes[].ssh.user")
        #expect(SpecFields.entry(at: "nodes.name")?.path == "nodes[].name")
        #expect(SpecFields.entry(at: "certificates.sa") == nil)
        #expect(SpecFields.nearestPath(to: "certificates.ca.validty") == "certificates.ca.validity")
        #expect(SpecFields.nearestPath(to: "q") == nil)
    }

    /// A default that is written out changes nothing.
    @Test func defaultsMayBeWritten() throws {
        let bare = try ClusterSpec.parse(Array(spec().utf8), fileName: "t")
        func written(_ object: SpecObject) -> String {
            let members = object.fields.compactMap { field -> String? in
                let value: String? =
                    switch field.presence {
                    case .defaultText(let text): SpecDocument.json(text)
                    case .defaultTexts(let texts): "[\(texts.map(SpecDocument.json).joined(separator: ","))]"
                    case .defaultBoolean(let flag): "\(flag)"
                    case .defaultObject:
                        if case .object(let object) = field.type { written(object) } else { nil }
                    case .required, .optional, .derived: nil
                    }
                return value.map { "\"\(field.name)\": \($0)" }
            }
            return "{\(members.joined(separator: ", "))}"
        }
        let members = written(SpecFields.document).dropFirst().dropLast()
        var read = try ClusterSpec.parse(Array(spec("\(members),").utf8), fileName: "t")
        // The one field where a written default says more than none: what a unit has is not taken away silently.
        #expect(read.apiServer.decidesRouting && !bare.apiServer.decidesRouting)
        read.apiServer.decidesRouting = false
        #expect(read == bare)
    }

    static let distances: [(a: String, b: String, distance: Int)] = [
        ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("clutser", "cluster", 1),
        ("RSA", "rsa", 0), ("ca", "abc", 3), ("flaw", "lawn", 2),
    ]

    @Test(arguments: distances) func distance(_ a: String, _ b: String, _ distance: Int) {
        #expect(EditDistance.between(a, b) == distance)
        #expect(EditDistance.between(b, a) == distance)
    }
}
