// SPDX-License-Identifier: Apache-2.0

import Operations
import Synchronization

/// The commands that a text names for what comes next, with the options that say which cluster and state they are about.
///
/// A hint comes from a place that knows what must be run, and not how this run was started: copied as it is, it would be about
/// another cluster, or about none.
enum NextCommand {
    /// What `--spec` and `--state` were given to this run, as they were given.
    private struct Given {
        var spec = ""
        var state = ""
    }

    private static let given = Mutex(Given())

    private static let ofState = [
        "init", "plan", "status", "verify", "rotate", "rollback", "uninstall", "state show", "state export",
        "state import", "schedule install",
    ]
    private static let ofSpec = ["schedule show", "schedule remove"]

    /// From now on, texts that are shown are about this run.
    /// - Returns: the same request.
    static func about(_ request: RunRequest) -> RunRequest {
        given.withLock {
            $0.spec = option("--spec", request.specFile)
            $0.state = option("--state", request.state)
        }
        return request
    }

    /// The text with the options in each command of it that takes them and has none.
    static func completed(_ text: String) -> String {
        let options = given.withLock { $0 }
        return completed(text, spec: options.spec, state: options.state)
    }

    /// - Parameters:
    ///   - spec: `--spec` with its value, after a space; empty for none.
    ///   - state: the same of `--state`.
    static func completed(_ text: String, spec: String, state: String) -> String {
        guard !(spec + state).isEmpty else { return text }
        let name = "aggbootstrap "
        var (result, rest) = ("", text[...])
        while let found = rest.firstRange(of: name) {
            result += rest[..<found.upperBound]
            let before = rest[..<found.lowerBound].last
            rest = rest[found.upperBound...]
            guard before.map(isOfWord) != true, let (verb, takesState) = verb(rest) else { continue }
            result += verb
            rest = rest.dropFirst(verb.count)
            let arguments = arguments(rest)
            result += arguments
            rest = rest.dropFirst(arguments.count)
            let clause = arguments + rest.prefix { $0.isASCII && !";,:()`\n".contains($0) }
            guard !clause.contains("--spec"), !clause.contains("--state") else { continue }
            result += spec + (takesState ? state : "")
        }
        return result + rest
    }

    /// The options and values that a text begins with; words of the sentence that goes on behind them are none.
    private static func arguments(_ text: Substring) -> Substring {
        var (rest, option) = (text, Substring())
        while rest.first == " " {
            let word = rest.dropFirst().prefix { isOfWord($0) || $0 == "." }
            let isArgument =
                word.hasPrefix("--") || option == "--compromised"
                || word.first.map { !$0.isLowercase && $0 != "." } ?? false
            guard isArgument else { break }
            option = word
            rest = rest.dropFirst(1 + word.count)
        }
        let arguments = text[..<rest.startIndex]
        return arguments.last == "." ? arguments.dropLast() : arguments
    }

    private static func verb(_ text: Substring) -> (verb: String, takesState: Bool)? {
        func begins(_ verb: String) -> Bool {
            text.hasPrefix(verb) && text.dropFirst(verb.count).first.map(isOfWord) != true
        }
        if let verb = ofState.first(where: begins) { return (verb, true) }
        return ofSpec.first(where: begins).map { ($0, false) }
    }

    private static func isOfWord(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "-_/".contains(character))
    }

    private static func option(_ name: String, _ value: String?) -> String {
        guard let value, !value.isEmpty else { return "" }
        let isPlain = value.allSatisfy { isOfWord($0) || ".@%+=:,".contains($0) }
        return " \(name) " + (isPlain ? value : "'\(value.replacing("'", with: "'\\''"))'")
    }
}
