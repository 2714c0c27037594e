// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Synchronization
import Values

/// What the parser of the command line says, in words that can be translated. It hands out finished English sentences, its
/// own and ours.
enum ParserText {
    /// The last one of ours: the parser keeps only its English text.
    private static let last = Mutex<Message?>(nil)

    /// - Returns: its English text, for the parser.
    static func handOver(_ message: Message) -> String {
        last.withLock { $0 = message }
        return message.description
    }

    /// A sentence of the parser as an error is written: in lower case, with no full stop.
    static func message(_ sentence: String) -> Message {
        if let ours = last.withLock({ $0 }), ours.description == sentence { return ours }
        let text = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
        let plain = text.prefix(1).lowercased() + text.dropFirst()
        guard let known = known(text), known.description == plain else { return Message(verbatim: plain) }
        return known
    }

    private static func known(_ text: String) -> Message? {
        if let parts = parts(text, ["Unknown option '", "'. Did you mean '", "'?"]) {
            return "unknown option '\(parts[0])'. Did you mean '\(parts[1])'?"
        }
        if let parts = parts(text, ["Unknown option '", "'"]) { return "unknown option '\(parts[0])'" }
        if let parts = parts(text, ["Missing value for '", "'"]) { return "missing value for '\(parts[0])'" }
        if let parts = parts(text, ["Missing expected argument '", "'"]) {
            return "missing expected argument '\(parts[0])'"
        }
        if let parts = parts(text, ["Unexpected argument '", "'"]) {
            return "unexpected argument '\(parts[0])'"
        }
        if let parts = parts(text, ["", " unexpected arguments: '", "'"]) {
            return "\(parts[0]) unexpected arguments: '\(parts[1])'"
        }
        if let parts = parts(text, ["The option '", "' does not take any value, but '", "' was specified"]) {
            return "the option '\(parts[0])' does not take any value, but '\(parts[1])' was specified"
        }
        return badValue(text)
    }

    private static func badValue(_ text: String) -> Message? {
        if let parts = parts(text, ["The value '", "' is invalid for '", "': ", ""]) {
            let ours = last.withLock { $0 }
            let why = ours?.description == parts[2] ? ours : nil
            return
                "the value '\(parts[0])' is invalid for '\(parts[1])': \(why ?? Message(verbatim: parts[2]))"
        }
        if let parts = parts(text, ["The value '", "' is invalid for '", "'. Please provide one of ", ""]) {
            return
                "the value '\(parts[0])' is invalid for '\(parts[1])'. Please provide one of \(list(parts[2]))"
        }
        return parts(text, ["The value '", "' is invalid for '", "'"]).map {
            "the value '\($0[0])' is invalid for '\($0[1])'"
        }
    }

    /// `'a', 'b' or 'c'`.
    private static func list(_ text: String) -> Message {
        if let parts = parts(text, ["", "' or '", ""]) {
            let (others, last) = ("\(parts[0])'", "'\(parts[1])")
            return "\(others) or \(last)"
        }
        guard let parts = parts(text, ["", "' and '", ""]) else { return Message(verbatim: text) }
        let (first, second) = ("\(parts[0])'", "'\(parts[1])")
        return "\(first) and \(second)"
    }

    /// What stands between the pieces of a sentence; nil where it has others.
    private static func parts(_ text: String, _ pieces: [String]) -> [String]? {
        guard text.hasPrefix(pieces[0]), let end = pieces.last else { return nil }
        var (parts, rest) = ([String](), text.dropFirst(pieces[0].count))
        for piece in pieces[1..<(pieces.count - 1)] {
            guard let place = rest.firstRange(of: piece) else { return nil }
            parts.append(String(rest[..<place.lowerBound]))
            rest = rest[place.upperBound...]
        }
        guard rest.hasSuffix(end) else { return nil }
        return parts + [String(rest.dropLast(end.count))]
    }
}
