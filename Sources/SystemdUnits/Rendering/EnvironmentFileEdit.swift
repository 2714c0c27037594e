// SPDX-License-Identifier: Apache-2.0

import Values

/// Changes variables of an environment file and leaves every other byte as it is.
struct EnvironmentFileEdit {
    let text: String
    /// The variable that gets the flags.
    let variable: String
    /// The flags as they are written into it.
    let own: String
    /// The same, one each.
    let arguments: [String]
    /// Variables that hold one flag and nothing else, with what stands there afterwards.
    var replacements: [String: String] = [:]

    /// Bytes of the file, or of a variable's value, and what comes in their place.
    fileprivate struct Change {
        var range: Range<Int>
        var bytes: [UInt8]
    }

    /// The text with our flags in the variable.
    /// - Parameter removing: which words of which variables go; those that are not there are left out, and the caller's check of
    ///   what came of it finds that.
    func text(removing: [String: Set<Int>]) -> String {
        let variables = EnvironmentFile.parse(text).variables
        var changes: [Change] = []
        for (name, positions) in removing where name != variable {
            guard let found = variables.last(where: { $0.name == name }) else { continue }
            let words = Self.words(found)
            changes += Self.changes(
                of: found,
                replacements[name].map { Self.exchange(words, for: $0) }
                    ?? positions.filter(words.indices.contains).map { Self.removal(of: $0, words) }, text)
        }
        guard let found = variables.last(where: { $0.name == variable }) else {
            if arguments.isEmpty { return Self.apply(changes, to: text) }
            let rest = Self.apply(changes, to: text)
            guard case .lineFeeds(let count) = EnvironmentFile.Ending(of: rest) else { return rest }
            let gap = String(repeating: "\n", count: count)
            return "\(rest)\(gap)\(variable)=\"\(own)\"\n"
        }
        let words = Self.words(found)
        let flagged = (removing[variable] ?? []).filter(words.indices.contains)
        let kept = words.indices.filter { !flagged.contains($0) }
        let current = flagged.sorted().map { String(decoding: words[$0].value, as: UTF8.self) }
        if current.bytes == arguments.bytes, flagged.isEmpty || flagged.max() == words.indices.last {
            return Self.apply(changes, to: text)
        }
        // The flags that go, with the blanks before them, are cut out where they stand; ours follow the last byte.
        if let last = kept.last {
            let end = words[last].range.upperBound
            let added = Change(range: end..<end, bytes: Array((" " + own).utf8))
            changes += Self.changes(of: found, [added] + flagged.map { Self.removal(of: $0, words) }, text)
        } else {
            changes.append(Change(range: found.range, bytes: Array("\"\(own)\"".utf8)))
        }
        return Self.apply(changes, to: text)
    }

    /// The text without the aggregation flags in its variables; one that holds nothing else is `NAME=""`.
    /// - Parameter crossed: a variable whose first word is the value of a flag at the end of another one.
    static func withoutFlags(_ text: String, crossed: String? = nil) -> String {
        var changes: [Change] = []
        for found in inEffect(text) {
            let words = Self.words(found)
            var flagged = Set(ownFlags(words).flatMap(\.arguments))
            if found.name == crossed, !words.isEmpty { flagged.insert(0) }
            // What cannot be split into words stays as it is.
            let rest = found.value.utf8.dropFirst(words.last?.range.upperBound ?? 0)
            if flagged.count == words.count, rest.allSatisfy(UnitByte.isBlank) {
                changes.append(Change(range: found.range, bytes: Array("\"\"".utf8)))
            } else {
                changes += self.changes(of: found, flagged.map { removal(of: $0, words) }, text)
            }
        }
        return apply(changes, to: text)
    }

    /// Names of the variables whose first word may be the value of an aggregation flag at the end of another one.
    static func crossings(_ text: String) -> [String] {
        let isOpen = inEffect(text).contains { variable in
            let words = Self.words(variable)
            return ownFlags(words).contains {
                $0.value == nil && $0.name != APIServerFlags.routingName
                    && $0.arguments.upperBound == words.count
            }
        }
        return isOpen ? inEffect(text).map(\.name) : []
    }

    /// The last assignment of each name.
    private static func inEffect(_ text: String) -> [EnvironmentFile.Variable] {
        let variables = EnvironmentFile.parse(text).variables
        let last = Dictionary(variables.indices.map { (variables[$0].name, $0) }) { $1 }
        return variables.indices.filter { last[variables[$0].name] == $0 }.map { variables[$0] }
    }

    fileprivate static func holdsFlags(_ variable: EnvironmentFile.Variable) -> Bool {
        !ownFlags(words(variable)).isEmpty
    }

    private static func ownFlags(_ words: [UnitWord]) -> [EffectiveFlags.Occurrence] {
        EffectiveFlags.parse(arguments: words.map { String(decoding: $0.value, as: UTF8.self) })
            .occurrences.filter { APIServerFlags.names.contains($0.name) }
    }

    /// A word of a value with the blanks before it.
    private static func removal(of word: Int, _ words: [UnitWord]) -> Change {
        let start = word == 0 ? words[0].range.lowerBound : words[word - 1].range.upperBound
        return Change(range: start..<words[word].range.upperBound, bytes: [])
    }

    /// All words of a value as one text, where they are not that already.
    private static func exchange(_ words: [UnitWord], for text: String) -> [Change] {
        let new = Array(text.utf8)
        guard let first = words.first, let last = words.last, words.count > 1 || first.value != new else {
            return []
        }
        return [Change(range: first.range.lowerBound..<last.range.upperBound, bytes: new)]
    }

    private static func apply(_ changes: [Change], to text: String) -> String {
        String(decoding: apply(changes, to: Array(text.utf8)), as: UTF8.self)
    }

    private static func apply(_ changes: [Change], to bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        // What is put in stands before what is cut out behind it.
        let order = changes.sorted {
            ($0.range.lowerBound, $0.bytes.isEmpty ? 1 : 0) > ($1.range.lowerBound, $1.bytes.isEmpty ? 1 : 0)
        }
        for change in order { bytes.replaceSubrange(change.range, with: change.bytes) }
        return bytes
    }

    private static func words(_ variable: EnvironmentFile.Variable) -> [UnitWord] {
        let value = Array(variable.value.utf8)
        var reader = UnitWordReader(value, in: value.indices, escapes: .plain)
        var words: [UnitWord] = []
        while let word = try? reader.next() { words.append(word) }
        return words
    }
}

// How a value's bytes change in the file.
extension EnvironmentFileEdit {
    /// Each byte changes where it stands. Where a word that goes reaches over a quote, the quotes would not match any more, or
    /// stand around something else: then the whole value is written again, in quotes of its own.
    private static func changes(
        of variable: EnvironmentFile.Variable, _ changes: [Change], _ text: String
    ) -> [Change] {
        let inFile = changes.map { change in
            let start =
                change.range.isEmpty
                ? variable.offsets[change.range.upperBound - 1] + 1
                : variable.offsets[change.range.lowerBound]
            let end = variable.offsets[change.range.upperBound - 1] + 1
            return Change(range: start..<end, bytes: change.bytes)
        }
        guard changes.contains(where: { !$0.range.isEmpty }) else { return inFile }
        let bytes = Array(text.utf8)
        let range = variable.range
        let end = bytes[range.upperBound...].prefix(1)
        let old = Array(bytes[range])
        let new = apply(
            inFile.map { change in
                let start = change.range.lowerBound - range.lowerBound
                return Change(range: start..<(start + change.range.count), bytes: change.bytes)
            }, to: old)
        let wanted = apply(changes, to: Array(variable.value.utf8))
        if reads(new + end, as: wanted, isOpen: isOpen(old + end)) { return inFile }
        return [Change(range: range, bytes: quoted(wanted))]
    }

    /// Whether a value is `wanted` but for blanks around it, and leaves no quote open.
    private static func reads(_ bytes: [UInt8], as wanted: [UInt8], isOpen mayBeOpen: Bool) -> Bool {
        let variables = EnvironmentFile.parse(String(decoding: assigned(bytes), as: UTF8.self)).variables
        guard variables.count == 1, mayBeOpen || !isOpen(bytes) else { return false }
        return trimmed(Array(variables[0].value.utf8)) == trimmed(wanted)
    }

    private static func isOpen(_ bytes: [UInt8]) -> Bool {
        if case .quote = EnvironmentFile.Ending(of: String(decoding: assigned(bytes), as: UTF8.self)) {
            return true
        }
        return false
    }

    private static func assigned(_ bytes: [UInt8]) -> [UInt8] { Array("V=".utf8) + bytes }

    private static func trimmed(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        let rest = bytes.drop(while: UnitByte.isBlank)
        return rest.dropLast(rest.reversed().prefix(while: UnitByte.isBlank).count)
    }

    private static func quoted(_ value: [UInt8]) -> [UInt8] {
        let inner = value.flatMap { "\"\\`$".utf8.contains($0) ? [UnitByte.backslash, $0] : [$0] }
        return [UnitByte.doubleQuote] + inner + [UnitByte.doubleQuote]
    }
}

extension EnvironmentFile {
    /// The text without the aggregation flags in its variables; one that holds nothing else is `NAME=""`.
    package static func withoutAggregationFlags(_ text: String) -> String {
        EnvironmentFileEdit.withoutFlags(text)
    }

    /// Whether `text` is `original` byte for byte, but for aggregation flags in its variables, or for one variable behind
    /// its end, which begins with the unit's default: what this program makes of `original`.
    package static func isMerged(_ text: String, from original: String) -> Bool {
        let merged = Array(EnvironmentFileEdit.withoutFlags(text).utf8)
        let names = Set(parse(original).variables.map(\.name))
        let added = parse(text).variables.filter {
            !names.contains($0.name) && EnvironmentFileEdit.holdsFlags($0)
        }.map(\.name)
        let candidates = [nil] + EnvironmentFileEdit.crossings(original)
        return candidates.contains { crossed in
            let plain = EnvironmentFileEdit.withoutFlags(original, crossed: crossed)
            if merged.elementsEqual(plain.utf8) { return true }
            guard case .lineFeeds(let count) = Ending(of: plain) else { return false }
            return added.contains { name in
                let head = Array("\(plain)\(String(repeating: "\n", count: count))\(name)=\"".utf8)
                return merged.starts(with: head)
                    && merged.dropFirst(head.count).firstIndex(of: UnitByte.newline) == merged.count - 1
            }
        }
    }
}
