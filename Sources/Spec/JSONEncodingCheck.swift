// SPDX-License-Identifier: Apache-2.0

import Values

/// Says whether bytes are UTF-8 text without a byte order mark, before they are read as JSON.
struct JSONEncodingCheck {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func check() throws(SpecProblem) {
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) {
            throw SpecProblem(
                at: .start, .byteOrderMark, "the file starts with a byte order mark",
                hint: "save it as UTF-8 without a byte order mark")
        }
        if bytes.starts(with: [0xfe, 0xff]) || bytes.starts(with: [0xff, 0xfe]) {
            throw SpecProblem(
                at: .start, .notUTF8, "the file is UTF-16, not UTF-8", hint: "save it as UTF-8")
        }
        if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d }) {
            throw SpecProblem(
                at: .start, .empty, "the file is empty",
                hint: "`aggbootstrap spec init` writes a spec to start from")
        }
        if let offset = bytes.firstIndex(of: 0) {
            throw SpecProblem(
                at: location(of: offset), .binary, "the file holds a NUL byte: it is not JSON")
        }
        if let offset = firstInvalidOffset() {
            throw SpecProblem(
                at: location(of: offset), .notUTF8,
                "the byte 0x\(String(bytes[offset], radix: 16)) is not valid UTF-8 here",
                hint: "save the file as UTF-8")
        }
    }

    /// The first byte of the first ill-formed sequence (Unicode, table 3-7: no overlong form, no surrogate).
    private func firstInvalidOffset() -> Int? {
        var offset = 0
        while offset < bytes.count {
            let first = bytes[offset]
            if first < 0x80 {
                offset += 1
                continue
            }
            let (length, second): (Int, ClosedRange<UInt8>)
            switch first {
            case 0xc2...0xdf: (length, second) = (2, 0x80...0xbf)
            case 0xe0: (length, second) = (3, 0xa0...0xbf)
            case 0xed: (length, second) = (3, 0x80...0x9f)
            case 0xe1...0xef: (length, second) = (3, 0x80...0xbf)
            case 0xf0: (length, second) = (4, 0x90...0xbf)
            case 0xf1...0xf3: (length, second) = (4, 0x80...0xbf)
            case 0xf4: (length, second) = (4, 0x80...0x8f)
            default: return offset
            }
            guard offset + length <= bytes.count, second.contains(bytes[offset + 1]),
                bytes[(offset + 2)..<(offset + length)].allSatisfy({ $0 & 0xc0 == 0x80 })
            else { return offset }
            offset += length
        }
        return nil
    }

    /// Everything before `offset` is valid, so that its scalars can be counted.
    private func location(of offset: Int) -> SourceLocation {
        let before = bytes[..<offset]
        let lineStart = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
        let line = before.reduce(1) { $1 == 0x0a ? $0 + 1 : $0 }
        let column = before[lineStart...].reduce(1) { $1 & 0xc0 == 0x80 ? $0 : $0 + 1 }
        return SourceLocation(line: line, column: column)
    }
}
