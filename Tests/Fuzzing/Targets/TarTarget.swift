// SPDX-License-Identifier: Apache-2.0

@testable import LocalFiles
import Secrets
@testable import StateStore
import Values

/// tar archives, as they are and with the right checksums.
///
/// A member lies within its archive. An archive that is made of the members of another one has these members.
enum TarTarget {
    static func run(_ bytes: [UInt8]) {
        check(bytes)
        check(withChecksums(bytes))
    }

    private static func check(_ bytes: [UInt8]) {
        let secret = bytes.withUnsafeBytes { SecretBytes(copying: $0) }
        guard let archive = try? TarArchive(secret, name: "f.tar") else { return }
        for member in archive.members {
            require(member.size <= bytes.count, "a member is larger than its archive")
            require(archive.content(of: member).count == member.size, "a member has another size")
            require(member.mode <= 0o7777, "a mode with other bits")
        }
        check(archive, "/")
        _ = try? ImportedMembers(archive, name: "f.age", cluster: "c")
        checkWritten(archive)
    }

    /// Every name leads to a member or to a directory of members.
    private static func check(_ archive: TarArchive, _ directory: String) {
        for name in archive.names(in: directory) ?? [] {
            require(
                !name.isEmpty && !name.utf8.contains(0x2f) && name != "..", "a name that is none: \(name)")
            let path = directory == "/" ? "/\(name)" : "\(directory)/\(name)"
            guard path.utf8.count < 2000 else { continue }
            require(archive.entry(path) != nil || archive.names(in: path) != nil, "nothing is at \(path)")
            if let entry = archive.entry(path) {
                _ = archive.withBytes(of: entry) { $0.last }
            }
            check(archive, path)
        }
    }

    private static func checkWritten(_ archive: TarArchive) {
        let members = archive.members.filter { member in
            member.kind != .other && !member.name.isEmpty && !member.name.hasSuffix("/")
                && !member.name.utf8.contains(0)
        }
        let written = members.map { member in
            TarWriter.Member(
                member.name, mode: member.mode,
                content: member.kind == .file ? archive.content(of: member) : nil)
        }
        guard let again = try? TarArchive(TarWriter.archive(written, time: UnixTime(seconds: 1)), name: "f")
        else {
            fatalError("PROPERTY: our own archive cannot be read")
        }
        require(again.members.count == members.count, "our own archive has other members")
        for (new, old) in zip(again.members, members) {
            let name = old.kind == .directory ? old.name + "/" : old.name
            require(
                isSame(new.name, name), "\(old.name.debugDescription) is now \(new.name.debugDescription)")
            require(
                new.kind == old.kind && new.mode == old.mode && new.size == old.size,
                "a member is another one")
            let same = again.content(of: new).withUnsafeBytes { new in
                archive.content(of: old).withUnsafeBytes { $0.elementsEqual(new) }
            }
            require(same, "a member has other bytes")
        }
    }

    private static func withChecksums(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        var offset = 0
        while offset + 512 <= bytes.count {
            let block = offset..<(offset + 512)
            bytes.replaceSubrange((offset + 148)..<(offset + 156), with: [UInt8](repeating: 0x20, count: 8))
            let sum = String(bytes[block].reduce(0) { $0 + Int($1) }, radix: 8)
            bytes.replaceSubrange((offset + 148)..<(offset + 148 + sum.utf8.count), with: sum.utf8)
            let size = TarHeader(Array(bytes[block])).size ?? 0
            guard (0..<bytes.count).contains(size) else { break }
            offset += 512 + (size + 511) / 512 * 512
        }
        return bytes
    }
}
