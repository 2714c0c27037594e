// SPDX-License-Identifier: Apache-2.0

import Secrets

/// The bytes of a file that must be written.
package enum FileContent: Sendable {
    case bytes([UInt8])
    case secret(SecretBytes)

    /// UTF-8 text.
    package static func text(_ text: String) -> FileContent { .bytes(Array(text.utf8)) }

    private var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .secret(let secret): secret.count
        }
    }

    func write(to file: borrowing FileDescriptor) throws(NodeError) {
        switch self {
        case .bytes(let bytes):
            // The library's withUnsafeBytes knows no typed throws.
            let failure = bytes.withUnsafeBytes { Self.failure(of: $0, file) }
            if let failure { throw failure }
        case .secret(let secret):
            let failure = secret.withUnsafeBytes { Self.failure(of: $0, file) }
            if let failure { throw failure }
        }
    }

    /// Whether `path` holds exactly these bytes.
    func isIn(_ path: String) throws(NodeError) -> Bool {
        guard let read = try FileReader.readSecret(path, limit: max(count, 4 << 20)) else { return false }
        return read.withUnsafeBytes { stored in
            switch self {
            case .bytes(let bytes): bytes.withUnsafeBytes { $0.elementsEqual(stored) }
            case .secret(let secret): secret.withUnsafeBytes { $0.elementsEqual(stored) }
            }
        }
    }

    private static func failure(of bytes: UnsafeRawBufferPointer, _ file: borrowing FileDescriptor)
        -> NodeError?
    {
        do throws(NodeError) {
            try file.write(bytes)
            return nil
        } catch {
            return error
        }
    }
}
