// SPDX-License-Identifier: Apache-2.0

import Glibc
import Secrets
import Values

/// The files of a tar archive, which stay in memory: nothing of it is written to the disk.
///
/// Source: POSIX.1-2001 "pax", and tar(5) for GNU's long names.
package struct TarArchive: Sendable {
    /// One member.
    package struct Entry: Sendable {
        package let status: FileStatus
        /// Where a symbolic link leads; empty for all else.
        package let target: String
        /// Its bytes in the archive.
        let range: Range<Int>
    }

    /// A member as the archive has it, whatever others have its path.
    package struct Member: Sendable {
        package enum Kind: Sendable {
            case file, directory
            /// A link, a device or a pipe.
            case other
        }

        /// As it stands there.
        package let name: String
        package let kind: Kind
        package let mode: UInt32
        /// Its bytes in the archive.
        fileprivate let range: Range<Int>

        /// How many bytes it has.
        package var size: Int { range.count }
    }

    private static let block = 512
    /// How many bytes tell whether a file is an archive.
    package static let beginning = block
    /// More than a tree of configuration has by far.
    package static let limit = 256 << 20

    private let bytes: SecretBytes
    /// In the archive's order.
    package private(set) var members: [Member] = []
    /// By absolute path, without `.` and `..`; of two of one path the later one.
    private var entries: [ByteText: Entry] = [:]
    private var children: [ByteText: Set<String>] = [:]

    /// - Parameter name: what an error names.
    /// - Throws: `node/not-archive`.
    package init(_ bytes: SecretBytes, name: Message) throws(NodeError) {
        self.bytes = bytes
        do throws(Fault) {
            try read()
        } catch {
            throw NodeError(
                .notArchive, operation: "read", subject: name, underlying: error.text,
                hint: "give a tar archive, plain or compressed with gzip, xz or zstd")
        }
    }

    /// Whether a file that begins like this is a tar archive, whatever its name is.
    package static func hasMagic(_ beginning: [UInt8]) -> Bool {
        beginning.count >= block && beginning[257...].starts(with: "ustar".utf8)
    }

    package func entry(_ path: String) -> Entry? { entries[path.bytes] }

    /// Names in a directory, sorted; nil where no member lies in it and none is it.
    package func names(in path: String) -> [String]? {
        if let names = children[path.bytes] { return names.sorted { $0.bytes < $1.bytes } }
        return entries[path.bytes]?.status.kind == .directory || path == "/" ? [] : nil
    }

    /// Lends a member's bytes.
    package func withBytes<R>(of entry: Entry, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[entry.range])) }
    }

    /// A copy of a member's bytes.
    package func content(of member: Member) -> SecretBytes {
        bytes.withUnsafeBytes { SecretBytes(copying: UnsafeRawBufferPointer(rebasing: $0[member.range])) }
    }

    // MARK: - Reading

    private struct Fault: Error {
        let text: Message
        init(_ text: Message) { self.text = text }
    }

    /// What extended headers say of the next member.
    private struct Extended {
        var path: String?
        var target: String?
        var size: Int?
    }

    private mutating func read() throws(Fault) {
        var (offset, extended) = (0, Extended())
        guard bytes.count >= Self.block else { throw Fault("it is shorter than one block") }
        while offset + Self.block <= bytes.count {
            let header = TarHeader(slice(offset..<(offset + Self.block)))
            if header.isZero { return }
            guard header.isSound else { throw Fault("the header at byte \(offset) has a wrong checksum") }
            let size = extended.size ?? header.size ?? -1
            let start = offset + Self.block
            guard size >= 0, size <= bytes.count - start else {
                throw Fault("the member at byte \(offset) goes beyond its end")
            }
            try take(header, start..<(start + size), &extended)
            offset = start + (size + Self.block - 1) / Self.block * Self.block
        }
        guard offset >= bytes.count else { throw Fault("it ends within a header, as if it were cut off") }
    }

    private mutating func take(
        _ header: TarHeader, _ range: Range<Int>, _ extended: inout Extended
    ) throws(Fault) {
        switch header.type {
        case UInt8(ascii: "L"): extended.path = Self.text(slice(range))
        case UInt8(ascii: "K"): extended.target = Self.text(slice(range))
        case UInt8(ascii: "x"): Self.readRecords(slice(range), &extended)
        case UInt8(ascii: "g"): return
        default:
            guard let name = extended.path ?? header.path else { throw Fault("a name in it is not UTF-8") }
            members.append(
                Member(name: name, kind: Self.kind(of: header.type), mode: header.mode, range: range))
            add(header, Self.absolute(name), extended.target ?? header.target ?? "", range)
            extended = Extended()
        }
    }

    private static func kind(of type: UInt8) -> Member.Kind {
        switch type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): .file
        case UInt8(ascii: "5"): .directory
        default: .other
        }
    }

    private mutating func add(_ header: TarHeader, _ path: String, _ target: String, _ range: Range<Int>) {
        let kind: UInt32
        switch header.type {
        case UInt8(ascii: "1"):
            // As the member is now, which the archive may replace below; tar makes no link to what is not there.
            guard let member = entries[Self.absolute(target).bytes], member.status.kind != .directory else {
                return
            }
            return add(member, path)
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): kind = S_IFREG
        case UInt8(ascii: "2"): kind = S_IFLNK
        case UInt8(ascii: "5"): kind = S_IFDIR
        default: kind = S_IFCHR
        }
        let status = FileStatus(
            rawMode: kind | header.mode, userID: header.userID, groupID: header.groupID,
            size: Int64(range.count), inode: 0, device: 0, links: 1)
        add(Entry(status: status, target: kind == S_IFLNK ? target : "", range: range), path)
    }

    private mutating func add(_ entry: Entry, _ path: String) {
        entries[path.bytes] = entry
        var path = path
        while path != "/" {
            let (directory, name) = path.splitPath
            if !children[directory.bytes, default: []].insert(name).inserted { return }
            path = directory
        }
    }

    private func slice(_ range: Range<Int>) -> [UInt8] { bytes.withUnsafeBytes { Array($0[range]) } }

    private static func text(_ bytes: [UInt8]) -> String? {
        String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// `LENGTH KEY=VALUE` each, with a line feed at the end.
    private static func readRecords(_ bytes: [UInt8], _ extended: inout Extended) {
        var rest = bytes[...]
        while let space = rest.firstIndex(of: 0x20),
            let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > 0,
            length <= rest.count, rest.startIndex + length > space
        {
            let record = rest[(space + 1)..<(rest.startIndex + length)].dropLast()
            rest = rest.dropFirst(length)
            guard let equals = record.firstIndex(of: 0x3D) else { continue }
            let value = String(validating: record[(equals + 1)...], as: UTF8.self)
            switch String(decoding: record[..<equals], as: UTF8.self) {
            case "path": extended.path = value
            case "linkpath": extended.target = value
            case "size": extended.size = value.flatMap(Int.init)
            default: break
            }
        }
    }

    private static func absolute(_ name: String) -> String {
        var parts: [String] = []
        for part in name.pathComponents where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
