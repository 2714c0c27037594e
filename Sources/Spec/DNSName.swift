// SPDX-License-Identifier: Apache-2.0

import Values

/// A DNS name in canonical form: lower case, at most 253 characters, labels of at most 63, no wildcard.
package struct DNSName: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// - Returns: nil where `text` is not a host name (RFC 1123), or is not in canonical form.
    package init?(_ text: String) {
        guard Self.defect(in: text) == nil else { return nil }
        description = text
    }

    /// Why a text is not a canonical DNS name.
    package enum Defect: Sendable, Equatable {
        case empty
        case wildcard
        /// Has characters outside ASCII, so it is not the A-label form (RFC 5890) that certificates hold.
        case notASCII
        case upperCase
        /// Ends with a dot, as in a zone file.
        case trailingDot
        case emptyLabel
        case tooLong(Int)
        case labelTooLong(String)
        case hyphenAtEdge(String)
        case character(Unicode.Scalar)
        /// The last label is a number: the text reads as a malformed IPv4 address.
        case numeric
    }

    /// The first reason for which `text` is refused; nil where it is a canonical DNS name.
    package static func defect(in text: String) -> Defect? {
        if let defect = labelDefect(in: text) { return defect }
        let last = text.utf8.split(separator: 0x2e).last
        return last?.allSatisfy { (0x30...0x39).contains($0) } == true ? .numeric : nil
    }

    /// As `defect(in:)`, but a number is fine: for names that are never looked up, such as directories.
    package static func labelDefect(in text: String) -> Defect? {
        let bytes = Array(text.utf8)
        if bytes.isEmpty { return .empty }
        if bytes.contains(0x2a) { return .wildcard }
        if bytes.contains(where: { $0 >= 0x80 }) { return .notASCII }
        if bytes.count > 253 { return .tooLong(bytes.count) }
        if let bad = bytes.first(where: { !isLetterDigitHyphen($0) && $0 != 0x2e }) {
            return (0x41...0x5a).contains(bad) ? .upperCase : .character(Unicode.Scalar(bad))
        }
        let labels = bytes.split(separator: 0x2e, omittingEmptySubsequences: false)
        if labels.count > 1, labels.last?.isEmpty == true, labels.dropLast().allSatisfy({ !$0.isEmpty }) {
            return .trailingDot
        }
        for label in labels {
            if label.isEmpty { return .emptyLabel }
            let text = String(decoding: label, as: UTF8.self)
            if label.count > 63 { return .labelTooLong(text) }
            if label.first == 0x2d || label.last == 0x2d { return .hyphenAtEdge(text) }
        }
        return nil
    }

    private static func isLetterDigitHyphen(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2d
    }
}

extension DNSName.Defect {
    /// The reason in words that continue `"NAME" is not a DNS name: `.
    package var reason: Message {
        switch self {
        case .empty: "it is empty"
        case .wildcard: "wildcards are not issued"
        case .notASCII: "it has characters outside ASCII"
        case .upperCase: "it has upper-case letters"
        case .trailingDot: "it ends with a dot"
        case .emptyLabel: "it has an empty label: two dots in a row, or a dot at the start"
        case .tooLong(let count): "it has \(count) characters, at most 253 are allowed"
        case .labelTooLong(let label): "the label \(label.prefix(16))... has more than 63 characters"
        case .hyphenAtEdge(let label): "the label \(SpecText.quoted(label)) starts or ends with a hyphen"
        case .character(let scalar): "it has the character \(SpecText.quoted(String(scalar)))"
        case .numeric: "its last label is a number, and it is not an IPv4 address either"
        }
    }

    /// What to write instead of `text`; nil where nothing can be guessed.
    package func hint(for text: String) -> Message? {
        switch self {
        case .wildcard: "list every name"
        case .notASCII: "write its A-label form (xn--...), for example from `idn2 NAME`"
        case .upperCase:
            DNSName(text.lowercased()).map { "write it as \(SpecText.quoted($0.description))" }
        case .trailingDot: "write it without the last dot"
        case .character("/"): "write one host, without scheme, path or prefix length"
        case .character(":"): "write the host without a port"
        case .character("_"): "underscores are not allowed in host names"
        default: nil
        }
    }
}
