// SPDX-License-Identifier: Apache-2.0

import Values

/// A line, or several, as the reader's terminal shows it, made safe for it; and in English, which says what kind of line
/// it is.
struct ShownLine {
    let text: String
    let english: String

    /// - Parameter safe: makes a text safe for a terminal.
    init(_ message: Message, safe: (String) -> String = SafeText.lines) {
        text = Self.completed(safe(message.shown))
        english = safe(message.description)
    }

    private init(text: String, english: String) { (self.text, self.english) = (text, english) }

    /// With the options of the run in the commands that it names; a line of a file that has them in a comment is as it is.
    private static func completed(_ text: String) -> String {
        text.drop { "+- ".contains($0) }.hasPrefix("#") ? text : NextCommand.completed(text)
    }

    /// Each line of it by itself.
    var split: [ShownLine] {
        func parts(_ text: String) -> [String] {
            text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
        let (texts, english) = (parts(text), parts(english))
        return texts.indices.map {
            ShownLine(text: texts[$0], english: english.indices.contains($0) ? english[$0] : "")
        }
    }

    /// With another text of the same kind, such as its beginning.
    func with(_ text: String) -> ShownLine { ShownLine(text: text, english: english) }
}
