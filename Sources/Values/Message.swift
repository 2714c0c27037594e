// SPDX-License-Identifier: Apache-2.0

/// A text for people: what is written in the source, and the values in it, kept apart so that it can be shown in another
/// language. It is made like a string: `"\(path) is not there"`.
///
/// `description` is the English text. JSON, files and what programs compare have that one; only what a terminal shows is
/// translated, on the top floor.
package struct Message: Sendable, ExpressibleByStringInterpolation, CustomStringConvertible, Encodable {
    /// One literal of the source.
    package struct Phrase: Sendable {
        /// The text between the values, one more than there are values.
        package fileprivate(set) var texts: [String]
        package fileprivate(set) var values: [Value]

        /// What a catalog knows it by: the values are `%1`, `%2` and so on, as in gettext's `kde-format`.
        package var template: String {
            texts.indices.map { $0 == 0 ? texts[0] : "%\($0)\(texts[$0])" }.joined()
        }
    }

    package enum Value: Sendable {
        /// A name, a path, a number: the same in every language.
        case verbatim(String)
        case message(Message)
        /// Names, paths and the like, the same in every language; what stands between them is not.
        case list([String])
        /// How many there are of what the word in the singular says.
        case count(Int, String)
    }

    package private(set) var phrases: [Phrase]

    package init(stringLiteral value: String) {
        phrases = value.isEmpty ? [] : [Phrase(texts: [value], values: [])]
    }

    package init(stringInterpolation: StringInterpolation) {
        let phrase = stringInterpolation.phrase
        if case .message(let only)? = phrase.values.first, phrase.texts == ["", ""] {
            self = only
        } else {
            phrases = [phrase]
        }
    }

    /// A text that is the same in every language, such as a path or what another program said.
    package init(verbatim text: String) {
        phrases = text.isEmpty ? [] : [Phrase(texts: ["", ""], values: [.verbatim(text)])]
    }

    /// Lines that are the same in every language.
    package static func verbatim(_ lines: some Sequence<String>) -> [Self] {
        lines.map { Self(verbatim: $0) }
    }

    /// How many there are, such as `1 file`, `2 files`; a catalog knows it as `%1 file`.
    /// - Parameter one: the word in the singular; its plural has an `s`.
    package static func count(_ number: Int, _ one: String) -> Self {
        "\(Value.count(number, one))"
    }

    package var description: String { phrases.map { $0.english(Self.inEnglish) }.joined() }

    package var isEmpty: Bool { description.isEmpty }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// The same text with other values, such as without a path that nobody outside of the program knows.
    package func mapValues(_ transform: (String) -> String) -> Self {
        var changed = self
        for phrase in phrases.indices {
            changed.phrases[phrase].values = phrases[phrase].values.map { value in
                switch value {
                case .verbatim(let text): .verbatim(transform(text))
                case .message(let message): .message(message.mapValues(transform))
                case .list(let items): .list(items.map(transform))
                case .count: value
                }
            }
        }
        return changed
    }

    // MARK: - In a language

    /// The translation of a template; nil leaves it in English.
    package typealias Translation = @Sendable (String) -> String?

    package static let inEnglish: Translation = { _ in nil }

    /// The text in the language of a catalog.
    ///
    /// What was put together with `+` is looked up together first, the longest part of it that the catalog has, since a
    /// sentence is often longer than a line of the source.
    /// - Parameter translation: a template's translation; nil leaves it in English.
    package func text(_ translation: Translation) -> String {
        var shown = ""
        var index = 0
        while index < phrases.count {
            var found: (count: Int, text: String)?
            for count in stride(from: min(Self.phrasesTogether, phrases.count - index), through: 1, by: -1) {
                let phrase = Phrase(joining: phrases[index..<index + count])
                guard let text = translation(phrase.template) else { continue }
                found = (count, phrase.filled(text, translation))
                break
            }
            shown += found?.text ?? phrases[index].english(translation)
            index += found?.count ?? 1
        }
        return shown
    }

    /// What stands between the items of a list: in Chinese it is another mark than between the parts of a sentence.
    fileprivate static func listSeparator(_ translation: Translation) -> String {
        (translation("%1, %2") ?? "%1, %2").replacing("%1", with: "").replacing("%2", with: "")
    }

    /// No sentence of the source has more lines.
    private static let phrasesTogether = 6
}

extension Message.Phrase {
    /// Adjacent phrases as one.
    fileprivate init(joining phrases: ArraySlice<Self>) {
        (texts, values) = ([""], [])
        for phrase in phrases {
            texts[texts.count - 1] += phrase.texts[0]
            texts += phrase.texts.dropFirst()
            values += phrase.values
        }
    }

    fileprivate func english(_ translation: Message.Translation) -> String {
        values.indices.reduce(into: texts[0]) { $0 += values[$1].text(translation) + texts[$1 + 1] }
    }

    /// - Parameter translated: the translation of the template, with its values in any order.
    fileprivate func filled(_ translated: String, _ translation: Message.Translation) -> String {
        var shown = SpacedText()
        var rest = Substring(translated)
        while let percent = rest.firstIndex(of: "%") {
            shown.append(String(rest[..<percent]))
            rest = rest[percent...].dropFirst()
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int(digits), values.indices.contains(number - 1) else {
                shown.append("%")
                continue
            }
            let value = values[number - 1]
            shown.append(value.text(translation), isOurs: !value.isVerbatim)
            rest = rest.dropFirst(digits.count)
        }
        shown.append(String(rest))
        return shown.text
    }
}

/// A translation that grows. A template has a blank beside a value, since that may be a path; between two Chinese characters
/// of translations there is none. What others wrote stays as it is, and stays apart.
private struct SpacedText {
    private(set) var text = ""
    private var endsWithOurs = true

    /// - Parameter isOurs: whether it is a part of a translation.
    mutating func append(_ part: String, isOurs: Bool = true) {
        guard !part.isEmpty else { return }
        defer { endsWithOurs = isOurs }
        guard isOurs, endsWithOurs else {
            text += part
            return
        }
        if text.last == " ", text.dropLast().last?.isChinese == true, part.first?.isChinese == true {
            text.removeLast()
        }
        let isDoubled =
            text.last?.isChinese == true && part.first == " " && part.dropFirst().first?.isChinese == true
        text += isDoubled ? part.dropFirst() : part[...]
    }
}

extension Character {
    /// A Chinese character, or a punctuation mark of the same width.
    fileprivate var isChinese: Bool {
        unicodeScalars.first.map {
            (0x3000...0x9fff).contains($0.value) || (0xff00...0xff60).contains($0.value)
        } ?? false
    }
}

extension Message.Value {
    fileprivate var isVerbatim: Bool {
        switch self {
        case .verbatim, .list: true
        case .message(let message):
            message.phrases.allSatisfy {
                $0.texts.allSatisfy(\.isEmpty) && $0.values.allSatisfy(\.isVerbatim)
            }
        case .count: false
        }
    }

    fileprivate func text(_ translation: Message.Translation) -> String {
        switch self {
        case .verbatim(let text): text
        case .message(let message): message.text(translation)
        case .list(let items): items.joined(separator: Message.listSeparator(translation))
        case .count(let number, let one):
            translation("%1 \(one)")?.replacing("%1", with: "\(number)")
                ?? "\(number) \(one)\(number == 1 ? "" : "s")"
        }
    }
}

// Two that read the same are the same, however they were put together.
extension Message: Hashable {
    package static func == (one: Self, other: Self) -> Bool { one.description == other.description }
    package func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension Message {
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var phrase = Phrase(texts: [""], values: [])

        package init(literalCapacity: Int, interpolationCount: Int) {}

        package mutating func appendLiteral(_ literal: String) {
            phrase.texts[phrase.texts.count - 1] += literal
        }

        package mutating func appendInterpolation(_ message: Message) { append(.message(message)) }

        package mutating func appendInterpolation(_ value: Value) { append(value) }

        package mutating func appendInterpolation(list items: some Sequence<String>) {
            append(.list(Array(items)))
        }

        /// An error is said as a report says it, without its code.
        package mutating func appendInterpolation(_ error: some Error) {
            append(.message(ErrorReport(error).message))
        }

        package mutating func appendInterpolation(_ value: some MessageConvertible) {
            append(.message(value.message))
        }

        // A literal in a value, such as `\(isOne ? "is" : "are")`, is a message.
        @_disfavoredOverload
        package mutating func appendInterpolation<T>(_ value: T) { append(.verbatim("\(value)")) }

        @available(*, unavailable, message: "unwrap it first")
        package mutating func appendInterpolation<T>(_ value: T?) {}

        private mutating func append(_ value: Value) {
            phrase.values.append(value)
            phrase.texts.append("")
        }
    }

    package static func + (one: Self, other: Self) -> Self {
        var whole = one
        whole.phrases += other.phrases
        return whole
    }

    @_disfavoredOverload
    package static func + (one: Self, other: String) -> Self { one + Message(verbatim: other) }

    @_disfavoredOverload
    package static func + (one: String, other: Self) -> Self { Message(verbatim: one) + other }

    package static func += (one: inout Self, other: Self) { one.phrases += other.phrases }
}

extension Sequence<Message> {
    /// - Parameter separator: a catalog may have another one for it, such as `，` for `, `.
    package func joined(separator: Message = "") -> Message {
        var whole: Message = ""
        for (index, message) in enumerated() {
            if index > 0 { whole += separator }
            whole += message
        }
        return whole
    }
}

extension Message {
    /// What the system says, such as `Permission denied`; a catalog has the usual ones.
    /// - Parameter text: of `strerror`; it is copied.
    package init(system text: UnsafePointer<CChar>) { self.init(stringLiteral: String(cString: text)) }
}
