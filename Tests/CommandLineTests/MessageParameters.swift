// SPDX-License-Identifier: Apache-2.0

/// Where the sources declare that a literal is a `Message`: parameters and properties, by their labels and functions.
///
/// Those that are declared with a text elsewhere are not meant: there, a literal may be a name.
struct MessageParameters {
    private struct Place: Hashable {
        /// Nil for a label, which means the same in every function.
        let function: String?
        /// The label, or how many arguments come before one that has none.
        let name: String
    }

    private let places: Set<Place>

    init(_ files: [[SwiftTokens.Token]]) {
        var (messages, others): (Set<Place>, Set<Place>) = ([], [])
        for tokens in files {
            for index in tokens.indices {
                guard let type = tokens[index].text, ["Message", "String", "Substring"].contains(type),
                    let place = Self.place(of: index, in: tokens)
                else { continue }
                if type == "Message" { messages.insert(place) } else { others.insert(place) }
            }
        }
        places = messages.subtracting(others)
    }

    func contains(label: String) -> Bool { places.contains(Place(function: nil, name: label)) }

    func contains(function: String, place: Int) -> Bool {
        places.contains(Place(function: function, name: "\(place)"))
    }

    /// What a type is declared of: `_ name: Message`, `label name: Message`, `name: Message`.
    private static func place(of type: Int, in tokens: [SwiftTokens.Token]) -> Place? {
        let before = tokens[..<type].suffix(3).map { $0.text ?? "" }
        guard before.count == 3, before[2] == ":", isName(before[1]) else { return nil }
        if before[0] == "_" { return unlabelled(of: type, in: tokens) }
        let isParameter = isName(before[0]) && !["let", "var", "case", "func", "inout"].contains(before[0])
        return Place(function: nil, name: isParameter ? before[0] : before[1])
    }

    private static func isName(_ text: String) -> Bool {
        text.first.map { $0.isLetter || $0 == "_" } ?? false
    }

    private static func unlabelled(of type: Int, in tokens: [SwiftTokens.Token]) -> Place? {
        var (depth, place, index) = (0, 0, type - 1)
        while index > 0 {
            switch tokens[index].text {
            case ")", "]": depth += 1
            case "[": depth -= 1
            case "(" where depth > 0: depth -= 1
            case "(":
                guard let function = tokens[index - 1].text, isName(function), function != "init" else {
                    return nil
                }
                return Place(function: function, name: "\(place)")
            case "," where depth == 0: place += 1
            case "{", "}": return nil
            default: break
            }
            index -= 1
        }
        return nil
    }
}
