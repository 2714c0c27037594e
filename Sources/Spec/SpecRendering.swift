// SPDX-License-Identifier: Apache-2.0

import Values

/// Shows a problem under the line that it is in.
package struct SpecRendering {
    /// Whether ANSI colours are used.
    package enum Color: Sendable {
        case none
        case ansi
    }

    private let fileName: String
    private let color: Color
    private let translation: Message.Translation
    private let lines: [ArraySlice<UInt8>]
    /// Whether it looks like a spec: of another file, a passphrase's it may be, no line is shown.
    private let isShown: Bool

    init(fileName: String, source: [UInt8], color: Color, translation: @escaping Message.Translation) {
        self.translation = translation
        self.fileName = Self.printable(fileName)
        self.color = color
        isShown = LocatedJSONParser.isBracketed(source)
        lines = source.split(separator: 0x0a, omittingEmptySubsequences: false)
    }

    func text(of problem: SpecProblem) -> String {
        let place = paint("\(fileName):\(problem.location):", .bold)
        let message = SafeText.lines(problem.message.text(translation))
        let head = "\(place) \(label("error:", .red))\(message) [\(problem.code.rawValue)]\n"
        let hint =
            problem.hint.map { "  \(label("hint:", .cyan))\(SafeText.lines($0.text(translation)))\n" }
            ?? ""
        return head + excerpt(at: problem) + hint
    }

    /// A colon of full width has its blank in it.
    private func label(_ word: Message, _ color: Paint) -> String {
        let text = word.text(translation)
        return paint(text, color) + (text.last == ":" ? " " : "")
    }

    /// A text without what a terminal would act on.
    static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { SpecText.isUnprintable($0) ? "\u{fffd}" : $0 })
        )
    }

    // MARK: The line and its caret

    /// Scalars of a line that are shown before and after the column.
    private static let reach = (before: 60, after: 40)

    /// The source line and the caret below it; nothing where the file has no such text.
    private func excerpt(at problem: SpecProblem) -> String {
        switch problem.code {
        // These are about the file; its bytes may be anything.
        case .tooLarge, .empty, .binary, .byteOrderMark, .notUTF8: return ""
        default: break
        }
        guard isShown else { return "" }
        let (line, column) = (problem.location.line - 1, problem.location.column - 1)
        guard lines.indices.contains(line) else { return "" }
        var scalars = Array(String(decoding: lines[line], as: UTF8.self).unicodeScalars)
        if scalars.last == "\r" { scalars.removeLast() }
        guard column <= scalars.count else { return "" }
        // A line that fits is shown whole, a longer one around the column.
        let whole = scalars.count <= Self.reach.before + Self.reach.after
        let start = whole ? 0 : max(0, column - Self.reach.before)
        let end = whole ? scalars.count : min(scalars.count, column + Self.reach.after)
        let cutBefore = start > 0 ? "..." : ""
        let cutAfter = end < scalars.count ? "..." : ""
        let shown = scalars[start..<end].map(Self.shown).joined()
        let indent = cutBefore.utf8.count + columns(of: scalars[start..<column].map(Self.shown).joined())
        let caret = paint("^", .red)
        return "    \(cutBefore)\(shown)\(cutAfter)\n    \(String(repeating: " ", count: indent))\(caret)\n"
    }

    private static func shown(_ scalar: Unicode.Scalar) -> String {
        if scalar == "\t" { return "    " }
        return SpecText.isUnprintable(scalar) ? "\u{fffd}" : String(scalar)
    }

    private enum Paint: String {
        case bold = "1"
        case red = "1;31"
        case cyan = "36"
    }

    private func paint(_ text: String, _ paint: Paint) -> String {
        switch color {
        case .none: text
        case .ansi: "\u{1b}[\(paint.rawValue)m\(text)\u{1b}[0m"
        }
    }
}
