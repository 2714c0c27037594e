// SPDX-License-Identifier: Apache-2.0

extension LocatedJSON {
    /// A member of an object, the last of its name; nil for anything else.
    package subscript(key: String) -> LocatedJSON? {
        guard case .object(let members) = value else { return nil }
        return members.last { $0.key == key }?.value
    }

    /// The elements of an array; empty for anything else.
    package var elements: [LocatedJSON] {
        if case .array(let elements) = value { return elements }
        return []
    }

    /// A string; nil for anything else.
    package var text: String? {
        if case .string(let text) = value { return text }
        return nil
    }

    /// A boolean; nil for anything else.
    package var flag: Bool? {
        if case .boolean(let flag) = value { return flag }
        return nil
    }

    /// A number without a fraction that an `Int` holds; nil for anything else.
    package var integer: Int? {
        if case .number(let text) = value { return Int(text) }
        return nil
    }
}

extension LocatedJSON.Limits {
    /// Of what an API server or kubectl answers: lists of a whole cluster.
    package static let answers = Self(bytes: 16 << 20, depth: 200)
}
