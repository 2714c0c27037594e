// SPDX-License-Identifier: Apache-2.0

import Values

/// Reads a document against the table: keys, types and the form of each value by itself.
struct SpecReader {
    /// What was found so far, in no order.
    private(set) var problems: [SpecProblem] = []

    mutating func report(_ problem: SpecProblem) { problems.append(problem) }

    mutating func report(
        _ code: SpecProblem.Code, at location: SourceLocation, _ path: String, _ message: Message,
        hint: Message? = nil
    ) {
        problems.append(SpecProblem(at: location, code, message, hint: hint, path: path))
    }

    /// The object `json` against its table; nil where it is no object.
    mutating func section(_ json: LocatedJSON, as object: SpecObject, path: String) -> SpecSection? {
        guard case .object(let members) = json.value else {
            let what: Message = path.isEmpty ? "the document" : "\"\(path)\""
            report(.wrongType, at: json.location, path, "\(what) must be an object, not \(json.kind)")
            return nil
        }
        var section = SpecSection(object, location: json.location, path: path)
        var firstLocations = [SourceLocation?](repeating: nil, count: object.fields.count)
        var misspelt: [Int] = []
        for member in members {
            guard let index = object.index(of: member.key) else {
                reportUnknown(member, in: object, path: path)
                misspelt +=
                    SpecFields.meant(by: member.key, in: object).flatMap(object.index).map { [$0] } ?? []
                continue
            }
            let field = object.fields[index]
            let slot = read(member.value, field.type, name: field.name, path: section.path(of: field.name))
            if let first = firstLocations[index] {
                report(
                    .duplicateKey, at: member.keyLocation, section.path(of: field.name),
                    "the key \"\(field.name)\" is given twice", hint: "it was given at \(first)")
            } else {
                firstLocations[index] = member.keyLocation
                section.fill(index, with: slot)
            }
        }
        // A key that is only spelt wrong is one mistake: it is not missing too.
        for index in misspelt where section.isAbsent(index) { section.fill(index, with: .faulty) }
        reportMissing(in: section)
        return section
    }

    private mutating func reportUnknown(_ member: LocatedJSON.Member, in object: SpecObject, path: String) {
        report(
            .unknownKey, at: member.keyLocation, path.isEmpty ? member.key : "\(path).\(member.key)",
            "unknown key \(SpecText.quoted(member.key))",
            hint: SpecFields.hint(forUnknown: member.key, in: object))
    }

    private mutating func reportMissing(in section: SpecSection) {
        for (index, field) in section.object.fields.enumerated()
        where field.presence == .required && section.isAbsent(index) {
            report(
                .missingKey, at: section.location, section.path(of: field.name),
                "the key \"\(field.name)\" is missing", hint: "add \"\(field.name)\": \(field.example)")
        }
    }

    private mutating func read(
        _ json: LocatedJSON, _ type: SpecType, name: String, path: String
    ) -> SpecSection.Slot {
        func sound(_ value: SpecSection.Value) -> SpecSection.Slot {
            .sound(Located(value: value, location: json.location, path: path))
        }
        switch (type, json.value) {
        case (.boolean, .boolean(let flag)): return sound(.boolean(flag))
        case (.integer, .number(let digits)):
            guard let number = Int(digits) else {
                report(
                    .wrongType, at: json.location, path,
                    "\"\(name)\" must be a whole number, not \(digits.prefix(40))")
                return .faulty
            }
            return sound(.integer(number))
        case (.text, .string), (.choice, .string):
            return text(json, type, path: path).map { sound(.text($0.value)) } ?? .faulty
        case (.list(let element, let count, let uniqueness), .array(let values)):
            guard checkCount(values.count, in: count, of: json, name: name, path: path) else {
                return .faulty
            }
            if case .object(let object) = element {
                return sound(.sections(sections(values, object, path: path)))
            }
            return sound(texts(values, element, uniqueness, name: name, path: path))
        case (.object(let object), .object):
            return section(json, as: object, path: path).map { sound(.section($0)) } ?? .faulty
        default:
            reportType(json, type, name: name, path: path)
            return .faulty
        }
    }

    // MARK: Lists

    private mutating func checkCount(
        _ count: Int, in range: ClosedRange<Int>, of json: LocatedJSON, name: String, path: String
    ) -> Bool {
        if range.contains(count) { return true }
        let allowed: Message =
            count < range.lowerBound ? "at least \(range.lowerBound)" : "at most \(range.upperBound)"
        report(.count, at: json.location, path, "\"\(name)\" has \(count) elements; \(allowed) are allowed")
        return false
    }

    private mutating func sections(
        _ values: [LocatedJSON], _ object: SpecObject, path: String
    ) -> [SpecSection] {
        var sections: [SpecSection] = []
        for (index, value) in values.enumerated() {
            if let section = section(value, as: object, path: "\(path)[\(index)]") {
                sections.append(section)
            }
        }
        return sections
    }

    private mutating func texts(
        _ values: [LocatedJSON], _ type: SpecType, _ uniqueness: SpecUniqueness, name: String, path: String
    ) -> SpecSection.Value {
        var sound: [Located<String>] = []
        var firstLocations: [String: SourceLocation] = [:]
        for (index, value) in values.enumerated() {
            guard let text = text(value, type, path: "\(path)[\(index)]") else { continue }
            sound.append(text)
            if case .repeatable = uniqueness { continue }
            let key = uniqueness == .distinct ? text.value : text.value.lowercased()
            if let first = firstLocations[key] {
                report(
                    .duplicateValue, at: value.location, text.path,
                    "\(SpecText.quoted(text.value)) is in \"\(name)\" twice",
                    hint: "it was given at \(first)")
            } else {
                firstLocations[key] = value.location
            }
        }
        return .texts(sound, complete: sound.count == values.count)
    }

    // MARK: Texts

    /// The text of `json` where it has the type's form; nil where that was reported.
    private mutating func text(_ json: LocatedJSON, _ type: SpecType, path: String) -> Located<String>? {
        guard case .string(let text) = json.value else {
            reportType(json, type, name: path, path: path)
            return nil
        }
        if let complaint = complaint(about: text, type) {
            report(complaint.code, at: json.location, path, complaint.message, hint: complaint.hint)
            return nil
        }
        return Located(value: text, location: json.location, path: path)
    }

    private func complaint(about text: String, _ type: SpecType) -> SpecComplaint? {
        switch type {
        case .text(let format): return format.complaint(about: text)
        case .choice(let allowed):
            if allowed.contains(where: { SpecText.isSame($0, text) }) { return nil }
            let list = allowed.map { "\"\($0)\"" }.joined(separator: ", ")
            let nearest = EditDistance.nearest(to: text, among: allowed)
            return SpecComplaint(
                .wrongValue, "\(SpecText.quoted(text)) is not one of \(list)",
                hint: nearest.map { "did you mean \"\($0)\"?" })
        default: return nil
        }
    }

    // MARK: Types

    private mutating func reportType(_ json: LocatedJSON, _ type: SpecType, name: String, path: String) {
        report(
            .wrongType, at: json.location, path, "\"\(name)\" must be \(type.words), not \(json.kind)",
            hint: typeHint(json.value, type))
    }

    private func typeHint(_ value: LocatedJSON.Value, _ type: SpecType) -> Message? {
        switch (type, value) {
        case (_, .null): return "leave the key out"
        case (.text, .number(let digits)), (.choice, .number(let digits)):
            return "write it in double quotes: \"\(digits.prefix(40))\""
        case (.boolean, .string("true")), (.boolean, .string("false")): return "write it without quotes"
        case (.integer, .string(let text)):
            return Int(text) == nil ? nil : "write it without quotes: \(text.prefix(40))"
        case (.list, .string(let text)): return "write it in brackets: [\(SpecText.quoted(text))]"
        case (.list, .object): return "write it in brackets: [{ ... }]"
        default: return nil
        }
    }
}
