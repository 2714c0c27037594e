// SPDX-License-Identifier: Apache-2.0

/// Text of anywhere (a certificate, ssh, kubectl, a file) as it may stand on a terminal: what a terminal would act
/// on, and what hides text, is written like `\u{1b}`.
package enum SafeText {
    /// Of several lines: line feeds and tabs stay as they are.
    package static func lines(_ text: String) -> String {
        escaped(text, keeping: ["\n", "\t"]) { "\\u{\(String($0.value, radix: 16))}" }
    }

    /// Of one line: a line feed in it is no end of it.
    package static func line(_ text: String, keepingTabs: Bool = false) -> String {
        escaped(text, keeping: keepingTabs ? ["\t"] : []) { "\\u{\(String($0.value, radix: 16))}" }
    }

    /// Of a JSON document, which still means the same: only in its strings can any of these stand.
    package static func json(_ document: String) -> String {
        escaped(document, keeping: ["\n"]) { scalar in
            String(scalar).utf16.map { unit in
                let hex = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            }.joined()
        }
    }

    /// With other text for some scalars. `String.replacing` compares characters, and a quote with an accent behind it is one
    /// of its own.
    package static func replacing(_ text: String, _ table: [Unicode.Scalar: String]) -> String {
        guard text.unicodeScalars.contains(where: { table[$0] != nil }) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if let other = table[scalar] { result += other.unicodeScalars } else { result.append(scalar) }
        }
        return String(result)
    }

    private static func escaped(
        _ text: String, keeping kept: Set<Unicode.Scalar>, _ escape: (Unicode.Scalar) -> String
    ) -> String {
        func isSafe(_ scalar: Unicode.Scalar) -> Bool {
            !SpecText.isUnprintable(scalar) || kept.contains(scalar)
        }
        guard !text.unicodeScalars.allSatisfy(isSafe) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if isSafe(scalar) { shown.unicodeScalars.append(scalar) } else { shown += escape(scalar) }
        }
        return shown
    }
}
