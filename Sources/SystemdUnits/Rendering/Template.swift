// SPDX-License-Identifier: Apache-2.0

/// A template of `templates/`: the part of Mustache (mustache(5)) that unit files need, and nothing else.
///
/// `{{{name}}}` is a text as it is. `{{#name}}…{{/name}}` is repeated for each text of a list, and `{{{.}}}` in it is that
/// text; of a condition it is kept or left out. `{{^name}}…{{/name}}` is kept where the other is left out. A tag of a
/// section that stands alone on its line takes the line with it.
struct Template {
    /// What a name of a template stands for.
    enum Value {
        case text(String)
        case list([String])
        case condition(Bool)
    }

    /// What is wrong with a template or with the values for it, in words.
    struct Fault: Error, Equatable {
        let description: String

        init(_ description: String) { self.description = description }
    }

    indirect enum Part: Equatable {
        case literal(String)
        case text(name: String)
        case section(name: String, isInverted: Bool, parts: [Part])
    }

    let parts: [Part]

    init(parsing text: String) throws(Fault) {
        var parser = TemplateParser(text)
        parts = try parser.document()
    }

    /// - Throws: where a name has no value, a value has no place in the template, or the kind of the two differs.
    func render(_ values: [String: Value]) throws(Fault) -> String {
        for name in values.keys.sorted() where !Self.names(of: parts).contains(name) {
            throw Fault("the template has no place for \(name)")
        }
        return try Self.render(parts, values, element: nil)
    }

    private static func names(of parts: [Part]) -> Set<String> {
        parts.reduce(into: []) { names, part in
            switch part {
            case .literal: break
            case .text(let name): names.insert(name)
            case .section(let name, _, let parts): names.formUnion(Self.names(of: parts).union([name]))
            }
        }
    }

    /// - Parameter element: what `{{{.}}}` stands for; nil outside of a list.
    private static func render(
        _ parts: [Part], _ values: [String: Value], element: String?
    ) throws(Fault) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .literal(let literal): text += literal
            case .text("."):
                guard let element else { throw Fault("{{{.}}} stands outside of a list") }
                text += element
            case .text(let name):
                guard case .text(let value) = try value(name, values) else {
                    throw Fault("\(name) is no text")
                }
                text += value
            case .section(let name, let isInverted, let parts):
                for element in try elements(name, values, isInverted: isInverted, outer: element) {
                    text += try render(parts, values, element: element)
                }
            }
        }
        return text
    }

    /// One element for each time that a section is written.
    private static func elements(
        _ name: String, _ values: [String: Value], isInverted: Bool, outer: String?
    ) throws(Fault) -> [String?] {
        switch try value(name, values) {
        case .text: throw Fault("\(name) is a text and no section")
        case .condition(let holds): return holds == isInverted ? [] : [outer]
        case .list(let texts):
            guard isInverted else { return texts }
            return texts.isEmpty ? [outer] : []
        }
    }

    private static func value(_ name: String, _ values: [String: Value]) throws(Fault) -> Value {
        guard let value = values[name] else { throw Fault("\(name) has no value") }
        return value
    }
}
