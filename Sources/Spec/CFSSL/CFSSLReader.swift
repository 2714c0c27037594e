// SPDX-License-Identifier: Apache-2.0

import Values

/// Reads one cfssl file: types strictly, and every key is either asked for or named as not kept.
struct CFSSLReader {
    let file: CFSSLFile
    private(set) var problems: [SpecProblem] = []
    private(set) var notes: [CFSSLNote] = []

    init(_ file: CFSSLFile) { self.file = file }

    mutating func report(
        _ code: SpecProblem.Code, at location: SourceLocation, _ message: Message, hint: Message? = nil
    ) {
        problems.append(SpecProblem(at: location, code, message, hint: hint))
    }

    mutating func note(at location: SourceLocation, _ message: Message) {
        let place = "\(SpecRendering.printable(file.name)):\(location)"
        notes.append(CFSSLNote(place: place, message: message))
    }

    mutating func drop(_ path: String, at location: SourceLocation, _ reason: Message) {
        note(at: location, "\(path) is not kept: \(reason)")
    }

    /// Nothing where the file is no JSON or no object, which is reported.
    mutating func document(_ keys: [CFSSLKey]) -> [String: LocatedJSON] {
        do {
            return members(of: try LocatedJSON.parse(file.bytes), "", keys)
        } catch {
            problems.append(error)
            return [:]
        }
    }

    /// The kept members of an object under the names of `keys`.
    ///
    /// Go's decoder, and so cfssl, takes a key in any letter case, and a null for nothing.
    mutating func members(
        of json: LocatedJSON, _ path: String, _ keys: [CFSSLKey]
    ) -> [String: LocatedJSON] {
        guard case .object(let members) = json.value else {
            let what: Message = path.isEmpty ? "the document" : "\"\(path)\""
            report(.wrongType, at: json.location, "\(what) must be an object, not \(json.kind)")
            return [:]
        }
        var (kept, firstLocations) = ([String: LocatedJSON](), [String: SourceLocation]())
        for member in members {
            let folded = member.key.lowercased()
            if let first = firstLocations[folded] {
                report(
                    .duplicateKey, at: member.keyLocation,
                    "the key \(SpecText.quoted(member.key)) is given twice",
                    hint: "it was given at \(first)")
                continue
            }
            firstLocations[folded] = member.keyLocation
            if member.value.value == .null { continue }
            let place = Self.join(path, SpecRendering.printable(member.key))
            switch keys.first(where: { $0.name.lowercased() == folded }) {
            case .kept(let name): kept[name] = member.value
            case .dropped(_, let reason): drop(place, at: member.keyLocation, reason)
            case nil:
                let near = EditDistance.nearest(to: member.key, among: keys.map(\.name))
                let hint: Message = near.map { "; did you mean \"\($0)\"?" } ?? ""
                drop(place, at: member.keyLocation, "cfssl knows no such key here and ignores it\(hint)")
            }
        }
        return kept
    }

    static func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// nil for an absent text, an empty one, and one that was reported.
    mutating func text(_ json: LocatedJSON?, _ path: String) -> CFSSLText? {
        guard let json else { return nil }
        guard case .string(let text) = json.value else {
            report(.wrongType, at: json.location, "\"\(path)\" must be a string, not \(json.kind)")
            return nil
        }
        return text.isEmpty ? nil : CFSSLText(value: text, location: json.location)
    }

    /// The elements of a list of texts; none where it is absent.
    mutating func texts(_ json: LocatedJSON?, _ path: String) -> [CFSSLText] {
        list(json, path).enumerated().compactMap { index, element in
            guard case .string(let text) = element.value else {
                report(
                    .wrongType, at: element.location,
                    "\"\(path)[\(index)]\" must be a string, not \(element.kind)")
                return nil
            }
            return CFSSLText(value: text, location: element.location)
        }
    }

    mutating func list(_ json: LocatedJSON?, _ path: String) -> [LocatedJSON] {
        guard let json else { return [] }
        guard case .array(let elements) = json.value else {
            report(.wrongType, at: json.location, "\"\(path)\" must be an array, not \(json.kind)")
            return []
        }
        return elements
    }

    mutating func integer(_ json: LocatedJSON?, _ path: String) -> (value: Int, location: SourceLocation)? {
        guard let json else { return nil }
        guard case .number(let digits) = json.value, let number = Int(digits) else {
            report(.wrongType, at: json.location, "\"\(path)\" must be a whole number")
            return nil
        }
        return (number, json.location)
    }
}
