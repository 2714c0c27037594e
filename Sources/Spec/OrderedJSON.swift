// SPDX-License-Identifier: Apache-2.0

/// A JSON value to be written: its keys stay in the order in which they were given, so that the same value always gives
/// the same text.
package indirect enum OrderedJSON: Sendable {
    case boolean(Bool)
    case integer(Int)
    case text(String)
    /// JSON that is written already, on one line.
    case verbatim(String)
    case list([OrderedJSON])
    case object([Member])

    package struct Member: Sendable {
        package let key: String
        package let value: OrderedJSON

        package init(_ key: String, _ value: OrderedJSON) {
            self.key = key
            self.value = value
        }
    }

    /// Columns that a value may take to stay on its line.
    private static let width = 100

    /// The document, indented by two spaces, with a line feed at its end.
    package var document: String { rendered(indent: 0, column: 0) + "\n" }

    /// - Parameter column: where the value begins.
    private func rendered(indent: Int, column: Int) -> String {
        if let line, column + line.unicodeScalars.count <= Self.width { return line }
        let margin = String(repeating: " ", count: indent + 2)
        func block(_ opening: String, _ parts: [String], _ closing: String) -> String {
            let end = String(repeating: " ", count: indent)
            return "\(opening)\n\(parts.map { margin + $0 }.joined(separator: ",\n"))\n\(end)\(closing)"
        }
        switch self {
        case .list(let values):
            return block("[", values.map { $0.rendered(indent: indent + 2, column: indent + 2) }, "]")
        case .object(let members):
            let lines = members.map { member in
                let key = "\(SpecDocument.json(member.key)): "
                let column = indent + 2 + key.unicodeScalars.count
                return key + member.value.rendered(indent: indent + 2, column: column)
            }
            return block("{", lines, "}")
        case .boolean, .integer, .text, .verbatim:
            return scalar ?? ""
        }
    }

    private var scalar: String? {
        switch self {
        case .boolean(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .text(let text): SpecDocument.json(text)
        case .verbatim(let json): json
        case .list, .object: nil
        }
    }

    /// The value on one line; nil where it has lists or objects within each other, which nobody reads there.
    private var line: String? {
        switch self {
        case .list(let values):
            let parts = values.compactMap(\.scalar)
            return parts.count == values.count ? "[\(parts.joined(separator: ", "))]" : nil
        case .object(let members):
            let parts = members.compactMap { member in
                member.value.scalar.map { "\(SpecDocument.json(member.key)): \($0)" }
            }
            guard parts.count == members.count else { return nil }
            return parts.isEmpty ? "{}" : "{ \(parts.joined(separator: ", ")) }"
        case .boolean, .integer, .text, .verbatim: return scalar
        }
    }
}
