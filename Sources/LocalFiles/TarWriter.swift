// SPDX-License-Identifier: Apache-2.0

import Secrets
import Values

/// Makes tar archives in memory, which tar(1) and `TarArchive` read: POSIX.1-2001 "ustar", with a "pax" record before a
/// name that is too long for it.
package enum TarWriter {
    /// A file or directory that an archive is to hold, owned by root.
    package struct Member: Sendable {
        let name: String
        let mode: UInt32
        /// nil for a directory.
        let content: SecretBytes?

        /// - Parameter name: relative, without a slash at its end.
        package init(_ name: String, mode: UInt32, content: SecretBytes?) {
            (self.name, self.mode, self.content) = (name, mode, content)
        }

        package var isDirectory: Bool { content == nil }
    }

    private static let (block, nameBytes) = (512, 100)
    /// GNU tar reads so many at once, and says so where there are fewer.
    private static let record = 20 * block

    /// - Parameter time: when each member was last changed.
    package static func archive(_ members: [Member], time: UnixTime) -> SecretBytes {
        let parts = members.map { (heads($0, time), $0.content) }
        let size = parts.reduce(2 * block) { $0 + $1.0.count + padded($1.1?.count ?? 0) }
        let whole = (size + record - 1) / record * record
        return SecretBytes(count: whole) { out in
            _ = out.initializeMemory(as: UInt8.self, repeating: 0)
            var place = 0
            for (head, content) in parts {
                UnsafeMutableRawBufferPointer(rebasing: out[place...]).copyBytes(from: head)
                place += head.count
                guard let content else { continue }
                content.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: out[place...]).copyMemory(from: $0)
                }
                place += padded(content.count)
            }
            return whole
        }
    }

    private static func padded(_ count: Int) -> Int { (count + block - 1) / block * block }

    private static func heads(_ member: Member, _ time: UnixTime) -> [UInt8] {
        let name = member.name + (member.content == nil ? "/" : "")
        let header = header(
            Array(name.utf8.prefix(nameBytes)), member.mode, member.content?.count ?? 0, time,
            type: UInt8(ascii: member.content == nil ? "5" : "0"))
        guard name.utf8.count > nameBytes else { return header }
        let text = recordText("path=\(name)\n")
        let extended = self.header(
            Array("PaxHeader".utf8), 0o600, text.count, time, type: UInt8(ascii: "x"))
        let rest = [UInt8](repeating: 0, count: padded(text.count) - text.count)
        return extended + text + rest + header
    }

    /// Its own length, which counts itself, a blank, and the text.
    private static func recordText(_ text: String) -> [UInt8] {
        let count = text.utf8.count + 1
        var length = count + String(count).utf8.count
        length = count + String(length).utf8.count
        return Array("\(length) \(text)".utf8)
    }

    private static func header(
        _ name: [UInt8], _ mode: UInt32, _ size: Int, _ time: UnixTime, type: UInt8
    ) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: block)
        func put(_ bytes: some Sequence<UInt8>, at place: Int) {
            for (index, byte) in bytes.enumerated() { header[place + index] = byte }
        }
        func octal(_ number: some BinaryInteger, _ width: Int) -> [UInt8] {
            let digits = Array(String(number, radix: 8).utf8)
            return [UInt8](repeating: 0x30, count: max(0, width - 1 - digits.count)) + digits
        }
        put(name, at: 0)
        put(octal(mode, 8), at: 100)
        put(octal(0, 8), at: 108)
        put(octal(0, 8), at: 116)
        put(octal(size, 12), at: 124)
        put(octal(max(0, time.seconds), 12), at: 136)
        header[156] = type
        put("ustar\u{0}00".utf8, at: 257)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        let sum = header.reduce(0) { $0 + Int($1) }
        put(octal(sum, 7) + [0, 0x20], at: 148)
        return header
    }
}
