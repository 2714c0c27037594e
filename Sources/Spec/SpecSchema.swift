// SPDX-License-Identifier: Apache-2.0

import Values

/// The spec as a JSON Schema (draft 2020-12), from the table that the parser uses, so that the two cannot differ.
///
/// It accepts every spec that the parser accepts. Rules between several values, and those of a text that a regular
/// expression does not express, are the parser's alone.
package enum SpecSchema {
    /// The schema with a line feed at its end; the same text for the same program.
    package static var json: String { schema.document }

    private static var schema: OrderedJSON {
        let definitions = definitions(of: SpecFields.document)
        return .object(
            [
                .init("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
                .init("title", .text("\(SpecFields.apiVersion) cluster spec")),
            ] + members(of: SpecFields.document) + [.init("$defs", .object(definitions))])
    }

    /// Every object below `object`, each once, in the order of their first use.
    private static func definitions(of object: SpecObject) -> [OrderedJSON.Member] {
        var found: [OrderedJSON.Member] = []
        func add(_ object: SpecObject) {
            for inner in object.fields.compactMap({ SpecFields.object(in: $0.type) })
            where !found.contains(where: { SpecText.isSame($0.key, inner.name) }) {
                found.append(.init(inner.name, .object(members(of: inner))))
                add(inner)
            }
        }
        add(object)
        return found
    }

    private static func members(of object: SpecObject) -> [OrderedJSON.Member] {
        let required = object.fields.filter { $0.presence == .required }.map { OrderedJSON.text($0.name) }
        return [
            .init("description", .text(object.summary.description)), .init("type", .text("object")),
            .init("additionalProperties", .boolean(false)),
        ] + (required.isEmpty ? [] : [.init("required", .list(required))]) + [
            .init("properties", .object(object.fields.map { .init($0.name, property($0)) }))
        ]
    }

    private static func property(_ field: SpecField) -> OrderedJSON {
        var description = field.summary.description
        if case .derived(let words) = field.presence { description += " Default: \(words)." }
        var members = [OrderedJSON.Member("description", .text(description))]
        members += constraints(field.type)
        if let value = defaultValue(field.presence) { members.append(.init("default", value)) }
        members.append(.init("examples", .list([.verbatim(field.example)])))
        return .object(members)
    }

    private static func defaultValue(_ presence: SpecPresence) -> OrderedJSON? {
        switch presence {
        case .required, .optional, .derived: nil
        case .defaultText(let text): .text(text)
        case .defaultBoolean(let flag): .boolean(flag)
        case .defaultTexts(let texts): .list(texts.map { .text($0) })
        case .defaultObject: .object([])
        }
    }

    private static func constraints(_ type: SpecType) -> [OrderedJSON.Member] {
        switch type {
        case .boolean: return [.init("type", .text("boolean"))]
        case .integer(let allowed):
            let values = allowed.map { OrderedJSON.integer($0) }
            return [.init("type", .text("integer")), .init("enum", .list(values))]
        case .choice(let words):
            let values = words.map { OrderedJSON.text($0) }
            return [.init("type", .text("string")), .init("enum", .list(values))]
        case .text(let format):
            var members = [OrderedJSON.Member("type", .text("string"))]
            if format != .anything, format != .argument { members.append(.init("minLength", .integer(1))) }
            if let limit = format.maximumLength { members.append(.init("maxLength", .integer(limit))) }
            if let pattern = format.pattern { members.append(.init("pattern", .text(pattern))) }
            return members
        case .list(let element, let count, let unique):
            var members = [OrderedJSON.Member("type", .text("array"))]
            members.append(.init("minItems", .integer(count.lowerBound)))
            members.append(.init("maxItems", .integer(count.upperBound)))
            if case .repeatable = unique {} else { members.append(.init("uniqueItems", .boolean(true))) }
            members.append(.init("items", .object(constraints(element))))
            return members
        case .object(let object): return [.init("$ref", .text("#/$defs/\(object.name)"))]
        }
    }
}
