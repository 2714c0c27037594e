// SPDX-License-Identifier: Apache-2.0

/// The arguments that a process gets from a command once its variables are expanded.
package struct CommandExpansion: Sendable, Equatable {
    /// One argument with the word that it came from.
    package struct Argument: Sendable, Equatable {
        package var pattern: ArgumentPattern
        /// Index in `ExecCommand.words`.
        package var word: Int
        /// The variable that was split; nil where the word was taken as one.
        package var variable: String?
        /// Which of the variable's words it is, from 0.
        package var position = 0

        package init(pattern: ArgumentPattern, word: Int, variable: String? = nil, position: Int = 0) {
            (self.pattern, self.word, self.variable, self.position) = (pattern, word, variable, position)
        }
    }

    package internal(set) var arguments: [Argument] = []
    /// Where variables of the command might come from that were not given.
    package private(set) var unseen: [ServiceEnvironment.Unseen] = []
    /// Those of them that could add flags: not what only stands behind the `=` of a flag, such as `--x=${NAME}`.
    package private(set) var unseenFlags: [ServiceEnvironment.Unseen] = []

    /// The arguments as text; nil where a specifier is in one of them.
    package var texts: [String]? {
        let texts = arguments.compactMap(\.pattern.text)
        return texts.count == arguments.count ? texts : nil
    }

    init() {}

    init(_ command: ExecCommand, _ environment: ServiceEnvironment) {
        let skipped = command.words.count - command.arguments.count
        for (offset, word) in command.arguments.enumerated() {
            let index = offset + skipped
            switch word.expansion {
            case .split(let name):
                note(name, environment, mayBeFlag: true)
                for (position, pattern) in Self.split(environment[name]).enumerated() {
                    arguments.append(
                        .init(pattern: pattern, word: index, variable: name, position: position))
                }
            case .embedded(let names):
                let isValue = Self.isValueOfFlag(word.value)
                for name in names { note(name, environment, mayBeFlag: !isValue) }
                arguments.append(.init(pattern: Self.embed(word.value, environment), word: index))
            case .none:
                let pattern = ArgumentPattern(expanding: word.value)
                let text = command.expandsVariables ? pattern.mapText(Self.withoutDollars) : pattern
                arguments.append(.init(pattern: text, word: index))
            }
        }
    }

    mutating func note(_ name: String, _ environment: ServiceEnvironment, mayBeFlag: Bool) {
        for source in environment.unseen(for: name) {
            if !unseen.contains(source) { unseen.append(source) }
            if mayBeFlag, !unseenFlags.contains(source) { unseenFlags.append(source) }
        }
    }

    /// Whether the word is a flag whose name does not come out of a variable, so that a variable is its value at most.
    private static func isValueOfFlag(_ word: String) -> Bool {
        let name = word.utf8.prefix { $0 != UnitByte.equals && $0 != UInt8(ascii: "$") }
        return name.starts(with: "--".utf8) && word.utf8.dropFirst(name.count).first == UnitByte.equals
    }

    /// Quotes group and a backslash takes the next byte as it is, but nothing is expanded again.
    package static func split(_ value: ServiceEnvironment.Value?) -> [ArgumentPattern] {
        guard let value else { return [] }
        let bytes = Array(value.text.utf8)
        var reader = UnitWordReader(bytes, in: bytes.indices, escapes: .plain)
        var patterns: [ArgumentPattern] = []
        while let word = try? reader.next() {
            let text = String(decoding: word.value, as: UTF8.self)
            patterns.append(value.hasSpecifiers ? .init(expanding: text) : .init(text: text))
        }
        return patterns
    }

    /// What a command gets that has `$NAME` as its one word.
    package static func arguments(of name: String, _ environment: ServiceEnvironment) -> [Argument] {
        split(environment[name]).enumerated().map {
            Argument(pattern: $1, word: 0, variable: name, position: $0)
        }
    }

    private static func embed(_ word: String, _ environment: ServiceEnvironment) -> ArgumentPattern {
        // Percent signs of a value are doubled where they are not special, so that one pattern can be read.
        ArgumentPattern(
            expanding: embedding(in: word) { name in
                guard let value = environment[name] else { return "" }
                return value.hasSpecifiers ? value.text : doublingPercents(value.text)
            })
    }

    private static func doublingPercents(_ text: String) -> String {
        text.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
    }

    private static func withoutDollars(_ text: String) -> String {
        text.utf8.contains(UInt8(ascii: "$")) ? embedding(in: text) { _ in "" } : text
    }

    /// `word` with each `${NAME}` replaced and each `$$` as one dollar sign, as systemd's `replace_env()` does.
    ///
    /// `${NAME:...}` and a `$` before anything else stay as they are.
    static func embedding(in word: String, value: (String) -> String) -> String {
        let (dollar, bytes) = (UInt8(ascii: "$"), Array(word.utf8))
        var result: [UInt8] = []
        var position = 0
        while position < bytes.count {
            let next = position + 1 < bytes.count ? bytes[position + 1] : 0
            if bytes[position] != dollar {
                result.append(bytes[position])
                position += 1
            } else if next == dollar {
                result.append(dollar)
                position += 2
            } else if next == UInt8(ascii: "{"), let end = endOfName(bytes[(position + 2)...]) {
                result += value(String(decoding: bytes[(position + 2)..<end], as: UTF8.self)).utf8
                position = end + 1
            } else if next == UInt8(ascii: "{") {
                // Up to the colon nothing is looked at again.
                let rest = bytes[position...]
                let end = rest.firstIndex(of: UInt8(ascii: ":")).map { $0 + 1 } ?? rest.endIndex
                result += bytes[position..<end]
                position = end
            } else {
                // The byte behind a plain dollar sign is not looked at either.
                result += bytes[position..<min(position + 2, bytes.count)]
                position += 2
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func endOfName(_ bytes: ArraySlice<UInt8>) -> Int? {
        let end = bytes.firstIndex { $0 == UInt8(ascii: "}") || $0 == UInt8(ascii: ":") }
        return end.flatMap { bytes[$0] == UInt8(ascii: "}") ? $0 : nil }
    }
}

extension ExecCommand {
    /// The arguments that the process gets, argv[0] first; specifiers stay gaps.
    package func expand(environment: ServiceEnvironment) -> CommandExpansion {
        CommandExpansion(self, environment)
    }
}
