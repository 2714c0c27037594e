// SPDX-License-Identifier: Apache-2.0

import Secrets
import Values

/// What the agent's programs print, as values.
extension AgentChannel.Reply {
    /// The lines that are not empty. Only a line feed ends one: Swift takes it and a carriage return before it for one
    /// character, and a name may end with such a one.
    static func lines(_ text: String) -> [String] {
        text.utf8.split(separator: 0x0a).map { String(Substring($0)) }
    }

    /// The beginning of a file, or all of it.
    enum Content {
        case whole(SecretBytes)
        /// It could not be read, or not as far as it should have been.
        case unread
        /// The text is no base64.
        case damaged
    }

    /// - Parameter text: base64 of the bytes and of one more, which says whether they were read.
    static func content(of text: SecretBytes) -> Content {
        var decoded: Int?
        let bytes = SecretBytes(count: text.count) { buffer in
            decoded = text.withUnsafeBytes { Base64.decode($0, into: buffer) }
            // What was written of a text that is no base64 is wiped too.
            return decoded ?? buffer.count
        }
        guard let decoded, decoded > 0 else { return .damaged }
        return bytes.withUnsafeBytes { bytes in
            guard bytes[decoded - 1] == UInt8(ascii: "+") else { return .unread }
            return .whole(SecretBytes(copying: UnsafeRawBufferPointer(rebasing: bytes[..<(decoded - 1)])))
        }
    }

    /// The names in each of several directories, as ls(1) prints them.
    static func names(in paths: [String], _ output: String) -> [ByteText: [String]] {
        var names: [ByteText: [String]] = [:]
        var directory: ByteText?
        let wanted = Set(paths.bytes)
        for line in lines(output) {
            let path = String(decoding: line.utf8.dropLast(), as: UTF8.self).bytes
            if line.utf8.last == UInt8(ascii: ":"), wanted.contains(path) {
                directory = path
            } else if let directory {
                names[directory, default: []].append(line)
            }
        }
        return names
    }
}
