// SPDX-License-Identifier: Apache-2.0

/// Decodes the chunked transfer coding (RFC 9112 section 7.1).
struct ChunkedBody {
    enum Progress { case more, end, malformed, tooLarge }

    private enum Place {
        case sizeLine
        case data(left: Int)
        /// The line end after a chunk's data.
        case dataEnd
        case trailer
    }

    private(set) var decoded: [UInt8] = []
    private var line: [UInt8] = []
    private var place = Place.sizeLine
    private var trailerBytes = 0
    private let limit: Int

    /// - Parameter limit: of the decoded body, and of the trailer, in bytes.
    init(limit: Int) { self.limit = limit }

    mutating func append(_ bytes: [UInt8]) -> Progress {
        var rest = bytes[...]
        while !rest.isEmpty {
            if case .data(let left) = place {
                let piece = rest.prefix(left)
                decoded += piece
                rest = rest.dropFirst(piece.count)
                place = piece.count == left ? .dataEnd : .data(left: left - piece.count)
                continue
            }
            let byte = rest.removeFirst()
            guard byte == 0x0a else {
                line.append(byte)
                if line.count > 4_096 { return .malformed }
                continue
            }
            guard line.last == 0x0d else { return .malformed }
            line.removeLast()
            let progress = endLine()
            line.removeAll()
            guard case .more = progress else { return progress }
        }
        return .more
    }

    private mutating func endLine() -> Progress {
        switch place {
        case .sizeLine:
            let digits = line.prefix { $0 != 0x3b && $0 != 0x20 && $0 != 0x09 }
            guard digits.count <= 8, !digits.contains(0x2b), !digits.contains(0x2d),
                let size = Int(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return .malformed }
            guard decoded.count + size <= limit else { return .tooLarge }
            place = size == 0 ? .trailer : .data(left: size)
        case .dataEnd:
            guard line.isEmpty else { return .malformed }
            place = .sizeLine
        case .trailer:
            if line.isEmpty { return .end }
            trailerBytes += line.count
            if trailerBytes > HTTPResponseParser.headerLimit { return .tooLarge }
        case .data: return .malformed
        }
        return .more
    }
}
