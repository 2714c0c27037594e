// SPDX-License-Identifier: Apache-2.0

@testable import Spec
import Values

/// The reference of the spec as Markdown, from the table that the parser uses, so that the two cannot differ.
enum SpecReference {
    /// The whole page, with a line end at its end.
    static var markdown: String {
        var lines = [
            "# The spec", "",
            "A JSON file (RFC 8259) of at most 1 MiB. Keys that are not listed here, keys given twice, trailing commas, "
                + "wrong types and a byte order mark are errors; `aggbootstrap spec validate FILE` lists all of them at "
                + "once, with line, column and what to do. This page is written by the tests from the program's own table.",
            "", "| field | value | default | |", "|---|---|---|---|",
        ]
        for entry in SpecFields.entries {
            let field = entry.field
            lines.append(
                "| `\(entry.path)` | \(type(field.type)) | \(presence(field.presence)) | \(field.summary) "
                    + "Example: `\(field.example)` |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func type(_ type: SpecType) -> String {
        switch type {
        case .boolean: "true or false"
        case .integer(let allowed): allowed.map(String.init).joined(separator: ", ")
        case .text: "string"
        case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .list(let element, let count, _):
            "array of \(count.lowerBound) to \(count.upperBound): \(Self.type(element))"
        case .object: "object"
        }
    }

    private static func presence(_ presence: SpecPresence) -> String {
        switch presence {
        case .required: "required"
        case .optional: "none"
        case .defaultText(let text): "`\(text)`"
        case .defaultBoolean(let value): "`\(value)`"
        case .defaultTexts(let texts): texts.map { "`\($0)`" }.joined(separator: ", ")
        case .defaultObject: "its fields' defaults"
        case .derived(let words): words.description
        }
    }
}
