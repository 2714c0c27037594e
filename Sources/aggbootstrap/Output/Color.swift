// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Values

/// When colours are used.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
    /// On a terminal, unless NO_COLOR is set (no-color.org) or TERM is `dumb`.
    case auto
    case always
    case never

    func isOn(_ stream: Terminal.Stream) -> Bool {
        switch self {
        case .always: true
        case .never: false
        case .auto: Terminal.wantsColor(stream)
        }
    }
}

/// Colours the lines of plans, proofs and errors by how they begin.
enum Painter {
    private static let rules: [(prefix: String, code: String)] = [
        ("    +", "32"), ("    -", "31"), ("    @@", "36"), ("  + ", "32"), ("  ~ ", "33"), ("  = ", "33"),
        ("  ok ", "32"), ("  FAIL ", "31;1"), ("  -- ", "33"), ("  restart ", "33;1"), ("note:", "33"),
        ("aggbootstrap: error:", "31;1"), ("hint:", "36"), ("done:", "1"), ("plan:", "1"),
        ("refused:", "31;1"), ("failed:", "31;1"), ("verified:", "1"), ("ok:", "1"), ("next:", "36"),
        ("  error:", "31;1"), ("  warning:", "33"),
    ]

    /// What kind of line it is says its English text.
    static func paint(_ line: ShownLine) -> String {
        guard let rule = rules.first(where: { line.english.hasPrefix($0.prefix) }) else { return line.text }
        // A proof's mark alone gets the colour: the rest is text. The mark is the same in every language.
        let mark = rule.prefix.dropLast()
        if ["  ok ", "  FAIL ", "  -- "].contains(rule.prefix), line.text.hasPrefix(mark) {
            return "\u{1b}[\(rule.code)m\(mark)\u{1b}[0m\(line.text.dropFirst(mark.count))"
        }
        return "\u{1b}[\(rule.code)m\(line.text)\u{1b}[0m"
    }
}
