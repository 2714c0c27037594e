// SPDX-License-Identifier: Apache-2.0

import Values

/// What is said of the mistakes that people make in JSON.
extension LocatedJSONParser {
    func problem(_ message: Message, hint: Message? = nil) -> SpecProblem {
        SpecProblem(at: location, .syntax, message, hint: fullWidthHint ?? hint)
    }

    /// For punctuation as an input method for Chinese writes it; nil where the current character is no such.
    private var fullWidthHint: Message? {
        let character = String(decoding: bytes[offset...].prefix(4), as: UTF8.self).unicodeScalars.first
        guard let character, let plain = Self.plain[character] else { return nil }
        return "it is a full-width character: write \(plain)"
    }

    private static let plain: [Unicode.Scalar: String] = [
        "，": ",", "、": ",", "：": ":", "｛": "{", "｝": "}", "［": "[", "］": "]", "【": "[", "】": "]",
        "“": "\"", "”": "\"", "＂": "\"",
    ]

    /// Whether a text begins as a JSON document of ours does; anything else may be a file that is secret.
    static func isBracketed(_ bytes: [UInt8]) -> Bool {
        let first = bytes.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
        return [0x7b, 0x5b, 0x7d, 0x5d].contains(first)
    }

    static func foreign(at start: SourceLocation) -> SpecProblem {
        SpecProblem(
            at: start, .syntax, "it is not JSON: it does not begin with a bracket",
            hint: "check that it is the right file: JSON begins with { or [")
    }

    /// What stands at the current position, in words.
    var found: Message {
        guard let byte = next else { return "the end of the file" }
        if byte == 0x22 { return "a string" }
        if Self.isWordByte(byte) {
            let end = bytes[offset...].firstIndex { !Self.isWordByte($0) } ?? bytes.count
            return "\(SpecText.quoted(String(decoding: bytes[offset..<end], as: UTF8.self)))"
        }
        let end = bytes[(offset + 1)...].firstIndex { $0 & 0xc0 != 0x80 } ?? bytes.count
        return "\(SpecText.quoted(String(decoding: bytes[offset..<end], as: UTF8.self)))"
    }

    /// nil where no value or key stands at the current position.
    var missingCommaHint: Message? {
        guard let byte = next, Self.isWordByte(byte) || [0x22, 0x5b, 0x7b].contains(byte) else { return nil }
        return "a comma is missing before it, after the value that ends there"
    }

    func unclosed(_ closer: String, opening: SourceLocation) -> SpecProblem {
        problem("expected \(closer), found the end of the file", hint: "it was opened at \(opening)")
    }

    func commentProblem() -> SpecProblem {
        problem("expected a value or a bracket, found \(found)", hint: "JSON has no comments: remove it")
    }

    func keyProblem(opening: SourceLocation) -> SpecProblem {
        switch next {
        case nil: return unclosed("'}'", opening: opening)
        case 0x2f: return commentProblem()
        case 0x2c: return problem("a comma without a member before it", hint: "remove the comma")
        default: return problem("expected a key, found \(found)", hint: "a key needs double quotes")
        }
    }

    /// `end` is where the word at the current position ends.
    func literalProblem(end: Int) -> SpecProblem {
        let word = String(decoding: bytes[offset..<end], as: UTF8.self)
        switch next {
        case nil: return problem("expected a value, found the end of the file")
        case 0x2f, 0x23: return commentProblem()
        case 0x27:
            return problem("expected a value, found \(found)", hint: "a string needs double quotes")
        case 0x2b, 0x2e:
            return problem("expected a value, found \(found)", hint: "a number starts with a digit")
        case 0x2c: return problem("a comma without a value before it", hint: "remove the comma")
        default: break
        }
        switch word.lowercased() {
        case "": return problem("expected a value, found \(found)")
        case "true", "false", "null":
            return problem("\(found) is not a JSON value", hint: "write \(word.lowercased())")
        case "none", "nil", "undefined": return problem("\(found) is not a JSON value", hint: "write null")
        case "nan", "inf", "infinity": return problem("\(found) is not a JSON number")
        default: return problem("\(found) is not a JSON value", hint: "a string needs double quotes")
        }
    }
}
