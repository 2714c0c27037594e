// SPDX-License-Identifier: Apache-2.0

/// What the specifiers that stand for a unit's own name are.
///
/// Source: systemd.unit(5), "Specifiers".
struct UnitNames: Equatable {
    private let full: String
    private let prefix: String
    private let instance: String

    /// - Parameter name: the unit's own: the files of an instance bear that of its template.
    /// - Returns: nil for a template, which has no instance.
    init?(unit name: String) {
        guard name.hasSuffix(".service") else { return nil }
        let stem = name.dropLast(".service".count)
        guard stem.last != "@", !stem.isEmpty else { return nil }
        full = name
        let halves = stem.split(separator: "@", maxSplits: 1)
        prefix = String(halves.first ?? stem)
        instance = halves.count > 1 ? String(halves[1]) : ""
    }

    /// `text` with `%n`, `%N`, `%p`, `%i` and `%%` expanded; unchanged where another specifier is in it.
    func expand(_ text: String) -> String {
        var result = ""
        for piece in ArgumentPattern(expanding: text).pieces {
            switch piece {
            case .text(let text): result += text
            case .specifier("n"): result += full
            case .specifier("N"): result += full.dropLast(".service".count)
            case .specifier("p"): result += prefix
            case .specifier("i"): result += instance
            case .specifier: return text
            }
        }
        return result
    }
}
