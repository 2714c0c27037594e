// SPDX-License-Identifier: Apache-2.0

import Values

/// A command line with its aggregation flags replaced and everything else kept byte for byte.
struct CommandMerge {
    /// What stands behind `ExecStart=`.
    let text: String

    /// - Parameter removing: indices of the words that make up the old flags.
    init(_ command: ExecCommand, removing: Set<Int>, flags: [String]) throws(UnitError) {
        var text = ""
        var open: Separator?
        for (index, word) in command.words.enumerated() {
            let own = Separator(word.separator)
            var separator = open.map { $0.joined(with: own) } ?? own
            if removing.contains(index) {
                open = separator
                continue
            }
            if separator.indent != nil && own.indent == nil && word.startsLikeComment {
                // At the start of a line it would be a comment.
                guard separator.upToLastComment == nil else { throw Self.comment(word, command) }
                separator = own
            }
            text += separator.text + word.raw
            open = nil
        }
        let rest = Separator(command.tail)
        let tail = open.map { $0.joined(with: rest) } ?? rest
        let indent = command.words.compactMap { Separator($0.separator).indent }.last ?? "  "
        var lead = tail.upToLastComment ?? " \\\n"
        for flag in flags {
            let dollars: UnitFileQuoting.Dollars = command.expandsVariables ? .expanded : .plain
            text += lead + indent + (try UnitFileQuoting.quote(flag, dollars: dollars))
            lead = " \\\n"
        }
        self.text = text
    }

    private static func comment(_ word: ExecCommand.Word, _ command: ExecCommand) -> UnitError {
        UnitError(
            .unsafeValue, "merge", command.place,
            cause: "without the flag before it, the argument \(word.raw) would start a line and be a comment",
            hint: "write it in quotes")
    }
}

extension ExecCommand.Word {
    fileprivate var startsLikeComment: Bool { raw.utf8.first.map(UnitByte.startsComment) ?? false }
}

/// What stands between two words: blanks, or blanks, a continuation, lines that are comments or blank but for
/// their own continuation, and an indentation.
private struct Separator {
    let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// What stands before the word on its line; nil where the word continues the line of the one before.
    var indent: String? { lastLine.map { String(decoding: bytes[$0...], as: UTF8.self) } }

    /// This separator and the next one without the word in between: no comment is lost, and the word behind
    /// keeps a line of its own if it, or the word that goes, had one.
    func joined(with next: Separator) -> Separator {
        guard let end = lastLine else { return next }
        guard let start = next.secondLine else { return self }
        return Separator(bytes: Array(bytes[..<end] + next.bytes[start...]))
    }

    /// Everything up to the end of its last comment line; nil without one.
    var upToLastComment: String? {
        guard let start = lastLine else { return nil }
        if let first = bytes[start...].first(where: { !UnitByte.isBlank($0) }), UnitByte.startsComment(first)
        {
            // The file ended in that comment.
            return text + "\n"
        }
        let lines = bytes[..<start].split { $0 == UnitByte.newline || $0 == UnitByte.carriageReturn }
        let hasComment = lines.dropFirst().contains { line in
            line.first { !UnitByte.isBlank($0) }.map(UnitByte.startsComment) ?? false
        }
        return hasComment ? String(decoding: bytes[..<start], as: UTF8.self) : nil
    }

    private func endsLine(_ index: Int) -> Bool {
        bytes[index] == UnitByte.newline || bytes[index] == UnitByte.carriageReturn
    }

    /// Where the last line starts.
    private var lastLine: Int? { bytes.indices.last(where: endsLine).map { $0 + 1 } }

    /// Where the line behind the first continuation starts.
    private var secondLine: Int? {
        guard let first = bytes.indices.first(where: endsLine) else { return nil }
        let isPair = first + 1 < bytes.count && endsLine(first + 1) && bytes[first + 1] != bytes[first]
        return first + (isPair ? 2 : 1)
    }
}
