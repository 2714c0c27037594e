// SPDX-License-Identifier: Apache-2.0

/// An object of the document whose values have been checked one by one against its table.
struct SpecSection: Sendable {
    enum Value: Sendable {
        case boolean(Bool)
        case integer(Int)
        case text(String)
        /// The sound elements, and whether those are all of them.
        case texts([Located<String>], complete: Bool)
        case sections([SpecSection])
        case section(SpecSection)
    }

    /// What became of a key.
    enum Slot: Sendable {
        case absent
        /// There, and already reported.
        case faulty
        case sound(Located<Value>)
    }

    let object: SpecObject
    let location: SourceLocation
    let path: String
    private var slots: [Slot]

    /// An object without keys.
    init(_ object: SpecObject, location: SourceLocation, path: String) {
        self.object = object
        self.location = location
        self.path = path
        slots = Array(repeating: .absent, count: object.fields.count)
    }

    mutating func fill(_ index: Int, with slot: Slot) { slots[index] = slot }

    func isAbsent(_ index: Int) -> Bool {
        if case .absent = slots[index] { true } else { false }
    }

    /// True where the document has the key, sound or not.
    func has(_ name: String) -> Bool {
        object.index(of: name).map { !isAbsent($0) } ?? false
    }

    /// Where the value of a key that the document has begins; nil for one that is absent or faulty.
    func givenLocation(_ name: String) -> SourceLocation? {
        guard let index = object.index(of: name), case .sound(let value) = slots[index] else { return nil }
        return value.location
    }

    func path(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// The sound value of a key, else its default.
    private func value(_ name: String) -> Located<Value>? {
        guard let index = object.index(of: name) else { return nil }
        switch slots[index] {
        case .faulty: return nil
        case .sound(let value): return value
        case .absent: break
        }
        let path = path(of: name)
        switch object.fields[index].presence {
        case .required, .optional, .derived: return nil
        case .defaultText(let text): return Located(value: .text(text), location: location, path: path)
        case .defaultBoolean(let flag):
            return Located(value: .boolean(flag), location: location, path: path)
        case .defaultTexts(let texts):
            let texts = texts.map { Located(value: $0, location: location, path: path) }
            return Located(value: .texts(texts, complete: true), location: location, path: path)
        case .defaultObject:
            guard case .object(let object) = object.fields[index].type else { return nil }
            let empty = SpecSection(object, location: location, path: path)
            return Located(value: .section(empty), location: location, path: path)
        }
    }

    // MARK: Values of a known type, or nil (faulty, or absent without a default)

    func locatedText(_ name: String) -> Located<String>? {
        guard let found = value(name), case .text(let text) = found.value else { return nil }
        return Located(value: text, location: found.location, path: found.path)
    }

    func optionalText(_ name: String) -> String? { locatedText(name)?.value }

    func locatedFlag(_ name: String) -> Located<Bool>? {
        guard let found = value(name), case .boolean(let flag) = found.value else { return nil }
        return Located(value: flag, location: found.location, path: found.path)
    }

    func locatedInteger(_ name: String) -> Located<Int>? {
        guard let found = value(name), case .integer(let number) = found.value else { return nil }
        return Located(value: number, location: found.location, path: found.path)
    }

    /// The sound elements of a list, with whether it has no other.
    func locatedTexts(_ name: String) -> (list: Located<[Located<String>]>, complete: Bool)? {
        guard let found = value(name), case .texts(let texts, let complete) = found.value else { return nil }
        return (Located(value: texts, location: found.location, path: found.path), complete)
    }

    func optionalSection(_ name: String) -> SpecSection? {
        guard let found = value(name), case .section(let section) = found.value else { return nil }
        return section
    }

    // MARK: Values with a stand-in, which is used only in a document that is refused

    func text(_ name: String) -> String { locatedText(name)?.value ?? "" }

    func texts(_ name: String) -> [String] { locatedTexts(name)?.list.value.map(\.value) ?? [] }

    func flag(_ name: String) -> Bool { locatedFlag(name)?.value ?? false }

    func section(_ name: String, _ object: SpecObject) -> SpecSection {
        optionalSection(name) ?? SpecSection(object, location: location, path: path(of: name))
    }

    func sections(_ name: String) -> [SpecSection] {
        if let found = value(name), case .sections(let sections) = found.value { sections } else { [] }
    }
}
