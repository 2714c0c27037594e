// SPDX-License-Identifier: Apache-2.0

/// An argument as far as a unit file tells it: text, with gaps where systemd puts in a specifier (`%i`).
package struct ArgumentPattern: Sendable, Equatable, CustomStringConvertible {
    package enum Piece: Sendable, Equatable {
        case text(String)
        /// What `%` and this character stand for, known to systemd alone.
        case specifier(Character)
    }

    package private(set) var pieces: [Piece] = []

    package init(text: String) { pieces = [.text(text)] }

    /// Reads `%` as systemd's `specifier_printf()` does: `%%` is a percent sign, and so is one before anything
    /// but an ASCII letter or digit.
    package init(expanding value: String) {
        guard value.utf8.contains(UInt8(ascii: "%")) else {
            pieces = [.text(value)]
            return
        }
        // One string that grows: a piece for each character would be copied with every one that follows.
        var text = ""
        var rest = value.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "%", let next = rest.first else {
                text.unicodeScalars.append(scalar)
                continue
            }
            if next == "%" {
                rest.removeFirst()
                text.unicodeScalars.append("%")
            } else if next.isASCII && (next.properties.isAlphabetic || next.properties.numericType != nil) {
                rest.removeFirst()
                if !text.isEmpty { pieces.append(.text(text)) }
                text = ""
                pieces.append(.specifier(Character(next)))
            } else {
                text.unicodeScalars.append("%")
            }
        }
        if !text.isEmpty { pieces.append(.text(text)) }
        if pieces.isEmpty { pieces = [.text("")] }
    }

    /// The argument; nil where a specifier is in it.
    package var text: String? {
        guard pieces.count == 1, case .text(let text) = pieces[0] else { return nil }
        return text
    }

    /// As in a unit file, with each specifier as it is written there; a percent sign is not doubled.
    package var description: String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .specifier(let character): "%\(character)"
            }
        }.joined()
    }

    /// Whether `argument` can be this one. A gap fits anything, so that only a sure difference is one.
    package func matches(_ argument: String) -> Bool {
        if let text { return text.utf8.elementsEqual(argument.utf8) }
        let bytes = Array(argument.utf8)
        var (start, end) = (0, bytes.count)
        if case .text(let prefix)? = pieces.first {
            guard bytes.starts(with: prefix.utf8) else { return false }
            start = prefix.utf8.count
        }
        if pieces.count > 1, case .text(let suffix)? = pieces.last {
            end -= suffix.utf8.count
            guard end >= start, bytes[end...].elementsEqual(suffix.utf8) else { return false }
        }
        return true
    }

    /// The pattern with `transform` applied to each stretch of text.
    func mapText(_ transform: (String) -> String) -> ArgumentPattern {
        var result = self
        result.pieces = pieces.map { piece in
            if case .text(let text) = piece { return .text(transform(text)) }
            return piece
        }
        return result
    }
}
