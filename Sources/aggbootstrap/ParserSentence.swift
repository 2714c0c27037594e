// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Values

/// What the parser of the command line says of arguments that it cannot use. It has only English for it: here its sentences
/// get their values apart, so that they can be shown in another language.
enum ParserSentence {
    /// The last text of ours that the parser was given: it keeps the English one only.
    private static let last = Mutex<Message?>(nil)

    /// - Returns: its English text, for the parser.
    static func handOver(_ message: Message) -> String {
        last.withLock { $0 = message }
        return message.description
    }

    private static func ours(_ text: String) -> Message? {
        last.withLock { $0 }.flatMap { $0.description == text ? $0 : nil }
    }

    /// - Parameter sentence: as an error is written: in lower case, with no full stop.
    static func message(_ sentence: String) -> Message {
        ours(sentence) ?? options(sentence) ?? values(sentence) ?? rare(sentence) ?? Message(verbatim: sentence)
    }

    private static func options(_ sentence: String) -> Message? {
        if let match = sentence.wholeMatch(of: /([^\n]*)\n +or: M(issing value for '.*') in '(.*)'/) {
            return "\(message(String(match.1))), or \(message("m" + match.2)) in '\(match.3)'"
        }
        if let match = sentence.wholeMatch(of: /unknown option '(.*)'\. Did you mean '(.*)'\?/) {
            return "unknown option '\(match.1)'. Did you mean '\(match.2)'?"
        }
        if let match = sentence.wholeMatch(of: /unknown option '(.*)'/) {
            return "unknown option '\(match.1)'"
        }
        if let match = sentence.wholeMatch(of: /invalid option: (.*)/) {
            return "invalid option: \(match.1)"
        }
        if let match = sentence.wholeMatch(of: /missing value for '(.*)'/) {
            return "missing value for '\(match.1)'"
        }
        if let match = sentence.wholeMatch(
            of: /the option '(.*)' does not take any value, but '(.*)' was specified/)
        {
            return "the option '\(match.1)' does not take any value, but '\(match.2)' was specified"
        }
        guard
            let match = sentence.wholeMatch(
                of: /value to be set with flag (.*) had already been set with flag (.*)/)
        else { return nil }
        return "value to be set with flag \(flag(match.1)) had already been set with flag \(flag(match.2))"
    }

    /// `'--ca'`, or one of several letters: `'q' in '-qv'`.
    private static func flag(_ text: Substring) -> Message {
        guard let match = text.wholeMatch(of: /'(.*)' in '(.*)'/) else {
            return Message(verbatim: String(text))
        }
        return "'\(match.1)' in '\(match.2)'"
    }

    private static func values(_ sentence: String) -> Message? {
        if let match = sentence.wholeMatch(of: /unexpected argument '(.*)'/) {
            return "unexpected argument '\(match.1)'"
        }
        if let match = sentence.wholeMatch(of: /([0-9]+) unexpected arguments: (.*)/) {
            return "\(match.1) unexpected arguments: \(match.2)"
        }
        if let match = sentence.wholeMatch(of: /missing expected argument '(.*)'/) {
            return "missing expected argument '\(match.1)'"
        }
        if let match = sentence.wholeMatch(of: /missing one of: (.*)/) {
            return "missing one of: \(match.1)"
        }
        if let match = sentence.wholeMatch(of: /(?s)the value '(.*)' is invalid for '(.*?)'(.*)/) {
            return "the value '\(match.1)' is invalid for '\(match.2)'" + allowed(match.3)
        }
        return nil
    }

    /// What the parser says of the values that are allowed, or what our own reader of the value says.
    private static func allowed(_ text: Substring) -> Message {
        if let match = text.wholeMatch(of: /(?s)\. Please provide one of the following:(.*)/) {
            return ". Please provide one of the following:" + Message(verbatim: String(match.1))
        }
        if let match = text.wholeMatch(of: /\. Please provide one of (.*) and (.*)/) {
            return ". Please provide one of \(match.1) and \(match.2)"
        }
        if let match = text.wholeMatch(of: /\. Please provide one of (.*) or (.*)/) {
            return ". Please provide one of \(match.1) or \(match.2)"
        }
        if text.hasPrefix(": "), let why = ours(String(text.dropFirst(2))) { return ": \(why)" }
        return Message(verbatim: String(text))
    }

    private static func rare(_ sentence: String) -> Message? {
        if sentence == "missing required subcommand" { return "missing required subcommand" }
        if let match = sentence.wholeMatch(
            of: /(?s)can't generate completion scripts for '(.*)'\.\n.*with one of:\s*(.*)/)
        {
            return "can't generate completion scripts for '\(match.1)'; the shells are \(match.2)"
        }
        if let match = sentence.wholeMatch(
            of: /(?s)can't autodetect a supported shell\.\n.*with one of:\s*(.*)/)
        {
            return "can't autodetect a supported shell; the shells are \(match.1)"
        }
        return nil
    }
}
