// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Values

/// One `-----BEGIN LABEL-----` ... `-----END LABEL-----` in a PEM text (RFC 7468).
struct PEMBlock {
    let label: String
    /// Bytes of the text, from the first dash to the end of the END line.
    let range: Range<Int>

    var isPrivateKey: Bool { label == "PRIVATE KEY" || label.hasSuffix(" PRIVATE KEY") }
}

/// The blocks of a PEM text, found before libcrypto decodes them.
///
/// libcrypto skips what it does not know and stops after what it looked for, so a torn or doubled file passes
/// there; here every line counts.
struct PEMBlocks {
    private(set) var blocks: [PEMBlock] = []
    /// Whether anything but white space follows the last block.
    private(set) var hasTrailingText = false

    /// Finds every block; throws where one is not closed, not opened, or closed under another label.
    init(in text: UnsafeRawBufferPointer, operation: String, subject: String) throws(PKIError) {
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
                throw Self.malformed(operation, subject, "a line starts with dashes, but is no PEM boundary")
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

    private static func malformed(_ operation: String, _ subject: String, _ cause: String) -> PKIError {
        PKIError(.malformed, operation: operation, subject: subject, underlying: cause)
    }
}

/// The bytes of one PEM block, decoded by libcrypto and wiped with the value.
struct DecodedPEM: ~Copyable {
    let bytes: UnsafeBufferPointer<UInt8>
    let headers: Headers

    /// Lines before the base64 text (RFC 1421).
    enum Headers {
        case none
        /// `Proc-Type: 4,ENCRYPTED`: the bytes are ciphertext.
        case encrypted
        /// Anything else, a stray blank line within the base64 text included.
        case other
    }

    /// Decodes one whole block.
    init(_ block: UnsafeRawBufferPointer, operation: String, subject: String) throws(PKIError) {
        guard let count = Int32(exactly: block.count) else {
            throw PKIError(
                .malformed, operation: operation, subject: subject, underlying: "it is larger than 2 GiB")
        }
        let source = BIOHandle(
            owning: try owned(operation, subject) { BIO_new_mem_buf(block.baseAddress, count) })
        var (name, header): (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?)
        var data: UnsafeMutablePointer<UInt8>?
        var size = 0
        // With the secure flag libcrypto also wipes its line and base64 buffers.
        let flags = UInt32(PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE)
        ERR_clear_error()
        guard PEM_read_bio_ex(source.pointer, &name, &header, &data, &size, flags) == 1, let data else {
            throw .openSSL(operation, subject, code: .malformed)
        }
        let text = header.map { String(cString: $0) } ?? ""
        headers = text.isEmpty ? .none : text.hasPrefix("Proc-Type: 4,ENCRYPTED") ? .encrypted : .other
        bytes = UnsafeBufferPointer(start: data, count: size)
        CRYPTO_secure_free(name, nil, 0)
        CRYPTO_secure_free(header, nil, 0)
    }

    deinit {
        CRYPTO_secure_clear_free(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, nil, 0)
    }
}
