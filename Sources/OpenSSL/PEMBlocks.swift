// SPDX-License-Identifier: Apache-2.0

import Values

/// The blocks of a PEM text, found before libcrypto decodes them.
///
/// libcrypto skips what it does not know and stops after what it looked for, so a torn or doubled file passes
/// there; here every line counts.
package struct PEMBlocks {
    package private(set) var blocks: [PEMBlock] = []
    /// Whether anything but white space follows the last block.
    package private(set) var hasTrailingText = false

    /// Finds every block; throws where one is not closed, not opened, or closed under another label.
    package init(in text: UnsafeRawBufferPointer, operation: Message, subject: String) throws(PKIError) {
        var open: (label: String, start: Int)?
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: 0x0a) ?? text.count
            let line = Self.trimmingEnd(text[start..<end])
            let next = min(end + 1, text.count)
            if let label = Self.label(of: line, "-----BEGIN ") {
                if let open { throw Self.malformed(operation, subject, "the block \(open.label) has no end") }
                open = (label, start)
                hasTrailingText = false
            } else if line.starts(with: Array("-----END".utf8)) {
                guard let opened = open, opened.label == Self.label(of: line, "-----END ") else {
                    throw Self.malformed(
                        operation, subject, "an END line has no BEGIN line of the same label")
                }
                blocks.append(PEMBlock(label: opened.label, range: opened.start..<next))
                open = nil
            } else if line.starts(with: Array((open == nil ? "-----BEGIN" : "-----").utf8)) {
                throw Self.malformed(
                    operation, subject, "a line starts with dashes, but is not a PEM boundary")
            } else if open == nil, !line.isEmpty {
                hasTrailingText = true
            }
            start = next
        }
        if let open { throw Self.malformed(operation, subject, "the block \(open.label) has no end") }
    }

    private static func trimmingEnd(_ line: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        var line = line
        while let last = line.last, last == 0x0d || last == 0x20 || last == 0x09 { line.removeLast() }
        return line
    }

    /// The label of a boundary line; nil where the line is none. Labels are upper-case words and digits.
    private static func label(of line: Slice<UnsafeRawBufferPointer>, _ prefix: String) -> String? {
        let dashes = Array("-----".utf8)
        guard line.count > prefix.utf8.count + dashes.count, line.count < 100,
            line.starts(with: Array(prefix.utf8)), line.suffix(dashes.count).elementsEqual(dashes)
        else { return nil }
        let label = line.dropFirst(prefix.utf8.count).dropLast(dashes.count)
        guard label.allSatisfy({ (0x41...0x5a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x20 })
        else { return nil }
        return String(decoding: label, as: UTF8.self)
    }

    private static func malformed(_ operation: Message, _ subject: String, _ cause: Message) -> PKIError {
        PKIError(.malformed, operation: operation, subject: subject, underlying: cause)
    }
}
