// SPDX-License-Identifier: Apache-2.0

import Values

/// What the table says about one field, for a person at a terminal.
package enum SpecExplanation {
    /// Every field with what it is for, one line each.
    package static var overview: [Message] {
        aligned(SpecFields.entries.map { ($0.path, $0.field) })
    }

    /// The paths of all fields.
    package static var paths: [String] { SpecFields.entries.map(\.path) }

    /// Type, default, purpose and example of the field at `path`, with its fields where it is an object.
    /// - Parameter path: for example `nodes[].address`; indices do not matter.
    /// - Returns: nil where there is no such field.
    package static func lines(for path: String) -> [Message]? {
        guard let entry = SpecFields.entry(at: path) else { return nil }
        let field = entry.field
        var lines: [Message] = ["\(entry.path)", "", "  \(field.summary)", ""]
        lines.append("  type     \(words(for: field.type))")
        lines.append("  default  \(words(for: field.presence))")
        lines.append("  example  \"\(field.name)\": \(field.example)")
        if let object = SpecFields.object(in: field.type) {
            lines += ["", "  fields"]
            lines += aligned(object.fields.map { ($0.name, $0) }).map { "    \($0)" as Message }
        }
        return lines
    }

    /// The fields that `path` was probably meant to be, as paths; none where nothing is near.
    package static func suggestions(for path: String) -> [String] {
        let wanted = ".\(SpecFields.withoutIndices(path))"
        let ends = SpecFields.entries.map(\.path).filter { SpecFields.withoutIndices($0).hasSuffix(wanted) }
        if !ends.isEmpty { return ends }
        if let walked = walk(SpecFields.withoutIndices(path)) { return [walked] }
        let nearest = SpecFields.nearestPath(to: path).flatMap { SpecFields.entry(at: $0)?.path }
        return nearest.map { [$0] } ?? []
    }

    /// Follows a path part by part, each by its name, another program's name for it, or what is near.
    private static func walk(_ path: String) -> String? {
        var (object, names) = (SpecObject?.some(SpecFields.document), [String]())
        for part in path.split(separator: ".", omittingEmptySubsequences: false).map(String.init) {
            guard let fields = object?.fields else { return nil }
            let near = EditDistance.nearest(to: part, among: fields.map(\.name))
            let field =
                fields.first { SpecText.isSame($0.name, part) }
                ?? fields.first { $0.alsoKnownAs.contains { SpecText.isSame($0, part) } }
                ?? fields.first { $0.name == near }
            guard let field else { return nil }
            names.append(field.name)
            object = SpecFields.object(in: field.type)
        }
        return SpecFields.entry(at: names.joined(separator: "."))?.path
    }

    // MARK: Words

    private static func aligned(_ rows: [(name: String, field: SpecField)]) -> [Message] {
        let width = rows.map(\.name.utf8.count).max() ?? 0
        return rows.map { name, field in
            let mark: Message = field.presence == .required ? "Required. " : ""
            let padding = String(repeating: " ", count: width + 2 - name.utf8.count)
            return "\(name)\(padding)\(mark)\(field.summary)"
        }
    }

    private static func words(for type: SpecType) -> Message {
        switch type {
        case .boolean, .text, .object: return type.words
        case .integer(let allowed):
            return "\(type.words): \(list: allowed.map(String.init))"
        case .choice(let allowed):
            return "one of \(list: allowed.map { "\"\($0)\"" })"
        case .list(let element, let count, let unique):
            let distinct: Message = if case .repeatable = unique { "" } else { ", no two alike" }
            let range: Message = "\(count.lowerBound) to \(count.upperBound)"
            return "an array of \(range)\(distinct); each \(words(for: element))"
        }
    }

    private static func words(for presence: SpecPresence) -> Message {
        switch presence {
        case .required: "none: it is required"
        case .optional: "none: it may be left out"
        case .defaultText(let text): "\(SpecDocument.json(text))"
        case .defaultBoolean(let flag): "\(flag)"
        case .defaultTexts(let texts): "[\(list: texts.map(SpecDocument.json))]"
        case .defaultObject: "the defaults of its fields"
        case .derived(let words): words
        }
    }
}
