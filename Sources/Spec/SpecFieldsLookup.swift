// SPDX-License-Identifier: Apache-2.0

import Values

extension SpecFields {
    /// A field with where it stands.
    package struct Entry: Sendable {
        /// For example `certificates.ca.key.size`; an element of a list is `nodes[].address`.
        package let path: String
        package let field: SpecField
    }

    /// Every field of the document, each object's fields right after it.
    package static let entries: [Entry] = collect(in: document, below: "")

    private static func collect(in object: SpecObject, below prefix: String) -> [Entry] {
        object.fields.flatMap { field in
            let path = prefix + field.name
            let own = Entry(path: path, field: field)
            return switch field.type {
            case .object(let object): [own] + collect(in: object, below: "\(path).")
            case .list(.object(let object), _, _): [own] + collect(in: object, below: "\(path)[].")
            default: [own]
            }
        }
    }

    /// The field at `path`; its indices do not matter (`nodes[2].name`, `nodes[].name`, `nodes.name`).
    package static func entry(at path: String) -> Entry? {
        let wanted = withoutIndices(path)
        return entries.first { SpecText.isSame(withoutIndices($0.path), wanted) }
    }

    /// The path of the field that `path` was probably meant to be; nil where none is near.
    package static func nearestPath(to path: String) -> String? {
        EditDistance.nearest(to: withoutIndices(path), among: entries.map { withoutIndices($0.path) })
    }

    /// `nodes.name` for `nodes[2].name`.
    static func withoutIndices(_ path: String) -> String {
        var depth = 0
        var kept = String.UnicodeScalarView()
        for scalar in path.unicodeScalars {
            if scalar == "[" { depth += 1 }
            if depth == 0 { kept.append(scalar) }
            if scalar == "]" { depth = max(0, depth - 1) }
        }
        return String(kept)
    }

    /// The object that values of `type` are, by themselves or as elements of a list; nil for other values.
    static func object(in type: SpecType) -> SpecObject? {
        switch type {
        case .object(let object): object
        case .list(let element, _, _): object(in: element)
        case .boolean, .integer, .text, .choice: nil
        }
    }

    /// What an unknown key was probably meant to be.
    static func meant(by key: String, in object: SpecObject) -> String? {
        field(alsoKnownAs: key, in: object)?.name
            ?? EditDistance.nearest(to: key, among: object.fields.map(\.name))
    }

    private static func field(alsoKnownAs key: String, in object: SpecObject) -> SpecField? {
        object.fields.first { $0.alsoKnownAs.contains { SpecText.isSame($0, key) } }
    }

    /// What to do about an unknown key.
    static func hint(forUnknown key: String, in object: SpecObject) -> Message {
        if let field = field(alsoKnownAs: key, in: object) { return "it is called \"\(field.name)\" here" }
        if let name = meant(by: key, in: object) { return "did you mean \"\(name)\"?" }
        let elsewhere = entries.filter { SpecText.isSame($0.field.name, key) }.map { "\"\($0.path)\"" }
        if !elsewhere.isEmpty {
            return elsewhere.dropFirst().reduce("it belongs at \(elsewhere[0])") { $0 + " or \($1)" }
        }
        return "the keys here are \(list: object.fields.map { "\"\($0.name)\"" })"
    }
}
