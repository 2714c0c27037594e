// SPDX-License-Identifier: Apache-2.0

import Values

/// HTML. What is put into it is escaped, unless it is HTML itself: `"<p>\(name)</p>"`.
struct Markup: ExpressibleByStringInterpolation, Sendable {
    private(set) var text: String

    init(stringLiteral text: String) { self.text = text }

    init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    /// - Parameter trusted: this program's own, such as a style sheet.
    init(trusted: String) { text = trusted }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ markup: Markup) { text += markup.text }
        mutating func appendInterpolation(_ parts: [Markup]) { for part in parts { text += part.text } }
        mutating func appendInterpolation(_ number: Int) { text += "\(number)" }
        mutating func appendInterpolation(_ value: String) { text += Markup.escaped(value) }
        /// A page is in English.
        mutating func appendInterpolation(_ message: Message) { text += Markup.escaped(message.description) }
    }

    /// Text between tags and in quoted attributes; what a screen would act on is written like `\u{1b}`.
    private static func escaped(_ text: String) -> String {
        SafeText.replacing(
            SafeText.line(text), ["&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&#39;"])
    }
}

extension Markup {
    /// A table in a region of its own, which scrolls where the page is too narrow for it.
    /// - Parameter rows: each cell whole, `<td>` or `<th scope="row">`.
    static func table(
        _ caption: String, _ heads: [String], _ rows: [[Markup]], isCaptionShown: Bool = false
    ) -> Markup {
        let head = heads.map { "<th scope=\"col\">\($0)</th>" as Markup }
        let body = rows.map { "<tr>\($0)</tr>\n" as Markup }
        let hidden: Markup = isCaptionShown ? "" : " class=\"unseen\""
        return """
            <div class="scroll" role="region" aria-label="\(caption)" tabindex="0"><table>
            <caption\(hidden)>\(caption)</caption>
            <thead><tr>\(head)</tr></thead>
            <tbody>
            \(body)</tbody>
            </table></div>

            """
    }

    /// A part of a page that is folded where it is long.
    static func details(_ title: String, isOpen: Bool, _ content: Markup) -> Markup {
        let open: Markup = isOpen ? " open" : ""
        return "<details\(open)><summary>\(title)</summary>\n\(content)</details>\n"
    }
}
