// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Operations
import Synchronization

/// The commands that a text names for what comes next, with the options that say which cluster, tree and state they are about.
///
/// A hint comes from a place that knows what must be run, and not how this run was started: copied as it is, it would be about
/// another cluster, or about none.
enum NextCommand {
    /// What a run was given, each as an option with its value after a space; empty where it was not given.
    struct Options {
        var spec = ""
        var root = ""
        var state = ""
        /// `--state` for a command that takes no `--root`: the state of a tree is in it.
        var stateOfRoot = ""

        var isEmpty: Bool { (spec + root + state).isEmpty }
    }

    private static let given = Mutex(Options())

    /// What each takes beside `--spec`.
    private static let verbs: [(name: String, state: Bool, root: Bool)] = [
        ("init", true, true), ("plan", true, true), ("status", true, true), ("verify", true, true),
        ("rotate", true, true), ("rollback", true, false), ("uninstall", true, false),
        ("state show", true, true), ("state export", true, true), ("state import", true, true),
        ("schedule install", true, false), ("schedule show", false, false), ("schedule remove", false, false),
    ]

    /// From now on, texts that are shown are about this run.
    /// - Returns: the same request.
    static func about(_ request: RunRequest) -> RunRequest {
        let options = options(
            of: request, hasStateVariable: LocalHost.setting("AGGBOOTSTRAP_STATE") != nil)
        given.withLock { $0 = options }
        return request
    }

    /// - Parameter hasStateVariable: whether a variable names the state; it is there for the next command too.
    static func options(of request: RunRequest, hasStateVariable: Bool) -> Options {
        let ofRoot = hasStateVariable ? nil : request.root.map { "\($0)/.state" }
        return Options(
            spec: option("--spec", request.specFile), root: option("--root", request.root),
            state: option("--state", request.state), stateOfRoot: option("--state", request.state ?? ofRoot))
    }

    /// The text with the options in each command of it that takes them and has none.
    static func completed(_ text: String) -> String { completed(text, with: given.withLock { $0 }) }

    static func completed(_ text: String, with options: Options) -> String {
        guard !options.isEmpty else { return text }
        let name = "aggbootstrap "
        var (result, rest) = ("", text[...])
        while let found = rest.firstRange(of: name) {
            result += rest[..<found.upperBound]
            let before = rest[..<found.lowerBound].last
            rest = rest[found.upperBound...]
            guard before.map(isOfWord) != true, let verb = verb(rest) else { continue }
            let arguments = arguments(rest.dropFirst(verb.name.count))
            result += verb.name + arguments
            rest = rest.dropFirst(verb.name.count + arguments.count)
            let clause = arguments + rest.prefix { $0.isASCII && !";,:()`\n".contains($0) }
            guard !["--spec", "--root", "--state"].contains(where: clause.contains) else { continue }
            // A CA is replaced on running control planes only.
            let takesRoot = verb.root && !clause.contains("--ca") && !clause.contains("--compromised")
            let state = takesRoot ? options.root + options.state : options.stateOfRoot
            result += options.spec + (verb.state ? state : "")
        }
        return result + rest
    }

    /// The options and values that a text begins with; words of the sentence that goes on behind them are none.
    private static func arguments(_ text: Substring) -> Substring {
        var (rest, option) = (text, Substring())
        while rest.first == " " {
            let word = rest.dropFirst().prefix { isOfWord($0) || $0 == "." }
            let isArgument =
                word.hasPrefix("--") || ["--compromised", "--limit"].contains(option)
                || word.first.map { !$0.isLowercase && $0 != "." } ?? false
            guard isArgument else { break }
            option = word
            rest = rest.dropFirst(1 + word.count)
        }
        let arguments = text[..<rest.startIndex]
        return arguments.last == "." ? arguments.dropLast() : arguments
    }

    private static func verb(_ text: Substring) -> (name: String, state: Bool, root: Bool)? {
        verbs.first {
            text.hasPrefix($0.name) && text.dropFirst($0.name.count).first.map(isOfWord) != true
        }
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
