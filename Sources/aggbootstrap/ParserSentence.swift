// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Values

/// What the parser of the command line says, in words that can be translated. It hands out finished English sentences, its
/// own and ours: here they get their values apart.
enum ParserSentence {
    /// Ours by their English texts: the parser keeps only those.
    private static let handedOver = Mutex<[String: Message]>([:])

    /// - Returns: its English text, for the parser.
    static func handOver(_ message: Message) -> String {
        let text = message.description
        handedOver.withLock { $0[asInError(text)] = message }
        return text
    }

    /// As an error is written: in lower case, with no full stop.
    private static func asInError(_ sentence: some StringProtocol) -> String {
        let text = sentence.hasSuffix(".") ? sentence.dropLast() : sentence[...]
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// - Parameter sentence: the parser's.
    static func message(_ sentence: String) -> Message {
        let text = asInError(sentence)
        return ours(text) ?? known(text) ?? Message(verbatim: text)
    }

    private static func ours(_ text: some StringProtocol) -> Message? {
        handedOver.withLock { $0[asInError(text)] }
    }

    private static func known(_ sentence: String) -> Message? {
        // Letters behind one dash are one option or several.
        guard let match = sentence.wholeMatch(of: /([^\n]*)\n   or: Missing value for '(.*)' in '(.*)'/)
        else {
            return options(sentence) ?? values(sentence) ?? shells(sentence)
        }
        return "\(message(String(match.1)))\n   or: Missing value for '\(match.2)' in '\(match.3)'"
    }

    private static func options(_ sentence: String) -> Message? {
        if let match = sentence.wholeMatch(of: /unknown option '(.*)'\. Did you mean '(.*)'\?/) {
            // The parser goes by letters alone: who mistypes --dry-run is not led to what skips the question.
            return isCareless(match.2)
                ? "unknown option '\(match.1)'" : "unknown option '\(match.1)'. Did you mean '\(match.2)'?"
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
        let valued = /the option '(.*)' does not take any value, but '(.*)' was specified/
        if let match = sentence.wholeMatch(of: valued) {
            return "the option '\(match.1)' does not take any value, but '\(match.2)' was specified"
        }
        let doubled = /value to be set with flag (.*) had already been set with flag (.*)/
        guard let match = sentence.wholeMatch(of: doubled) else { return nil }
        return "value to be set with flag \(flag(match.1)) had already been set with flag \(flag(match.2))"
    }

    /// Whether an option lets something happen that is otherwise asked about or refused.
    private static func isCareless(_ option: Substring) -> Bool {
        ["--yes", "--include-pending"].contains(option) || option.hasPrefix("--accept-")
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
        if sentence == "missing required subcommand" { return "missing required subcommand" }
        guard let match = sentence.wholeMatch(of: /(?s)the value '(.*)' is invalid for '(.*?)'(.*)/) else {
            return nil
        }
        let (value, argument) = (match.1, match.2)
        if match.3.isEmpty { return "the value '\(value)' is invalid for '\(argument)'" }
        if let list = match.3.wholeMatch(of: /(?s)\. Please provide one of the following:(.*)/) {
            return
                "the value '\(value)' is invalid for '\(argument)'. Please provide one of the following:\(list.1)"
        }
        if let list = match.3.wholeMatch(of: /\. Please provide one of (.*)/) {
            return
                "the value '\(value)' is invalid for '\(argument)'. Please provide one of \(allowed(list.1))"
        }
        let why = match.3.dropFirst(2)
        return
            "the value '\(value)' is invalid for '\(argument)': \(ours(why) ?? Message(verbatim: String(why)))"
    }

    /// `'a', 'b' or 'c'`.
    private static func allowed(_ list: Substring) -> Message {
        if let match = list.wholeMatch(of: /(.*') and ('.*)/) { return "\(match.1) and \(match.2)" }
        if let match = list.wholeMatch(of: /(.*') or ('.*)/) { return "\(match.1) or \(match.2)" }
        return Message(verbatim: String(list))
    }

    private static func shells(_ sentence: String) -> Message? {
        let ending = /(?s)(.*)\.\nPlease use --generate-completion-script=<shell> with one of:\n    (.*)/
        guard let match = sentence.wholeMatch(of: ending) else { return nil }
        let problem: Message
        if let name = match.1.wholeMatch(of: /can't generate completion scripts for '(.*)'/) {
            problem = "can't generate completion scripts for '\(name.1)'"
        } else {
            problem =
                match.1 == "can't autodetect a supported shell"
                ? "can't autodetect a supported shell" : Message(verbatim: String(match.1))
        }
        return "\(problem).\nPlease use --generate-completion-script=<shell> with one of:\n    \(match.2)"
    }
}
