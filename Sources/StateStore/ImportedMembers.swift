// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Planning
import Secrets
import Values

/// The files of an archive that are to become a state directory: judged by their names, kinds and sizes alone.
struct ImportedMembers {
    /// Relative to the state directory, in the archive's order.
    private var files: [(path: String, content: FileContent)] = []
    private var directories: [String] = []
    private var seen: Set<ByteText> = []
    private let name: Message

    /// How deep the files of a state lie, and one more.
    private static let depth = 5
    /// More than a control plane for each address of a /16 has.
    private static let most = 400_000

    var count: Int { files.count }

    /// - Parameter name: of the archive, for errors.
    /// - Throws: `archive/...`.
    init(_ archive: TarArchive, name: Message, cluster: String) throws {
        self.name = name
        guard archive.members.count <= Self.most else {
            throw error("archive/too-large", "it has more than \(Self.most) members")
        }
        for member in archive.members { try take(member, of: archive) }
        try check(cluster)
    }

    private mutating func take(_ member: TarArchive.Member, of archive: TarArchive) throws {
        let path = try path(member)
        // `.` is the directory itself; a lock is a process's, and what begins with a dot was never finished.
        guard let top = path.first, path != ["lock"], !path.contains(where: { $0.hasPrefix(".") }) else {
            return
        }
        guard StateDirectory.members.contains(top) else {
            throw error("archive/unknown-member", "\(member.name) is not part of a state directory")
        }
        let place = path.joined(separator: "/")
        guard seen.insert(place.bytes).inserted else {
            throw error("archive/duplicate", "\(member.name) is in it twice")
        }
        switch member.kind {
        case .directory: directories.append(place)
        case .file: files.append((place, .secret(archive.content(of: member))))
        case .other:
            throw error("archive/kind", "\(member.name) is neither a plain file nor a directory")
        }
    }

    /// The parts of a member's name.
    private func path(_ member: TarArchive.Member) throws -> [String] {
        let parts = member.name.pathComponents.filter { $0 != "." }
        guard !member.name.isAbsolutePath, !parts.contains(".."),
            parts.count <= Self.depth, parts.allSatisfy({ $0.utf8.count <= 255 })
        else {
            throw error(
                "archive/path", "the name \(SpecText.quoted(member.name)) leads out of a state directory")
        }
        return parts
    }

    private func check(_ cluster: String) throws {
        let paths = Set(files.map(\.path.bytes))
        for file in files {
            var directory = file.path.splitPath.directory
            while directory != "." {
                if paths.contains(directory.bytes) {
                    throw error("archive/duplicate", "\(directory) is a file and a directory in it")
                }
                directory = directory.splitPath.directory
            }
        }
        guard let file = files.first(where: { $0.path == "cluster" }), case .secret(let bytes) = file.content
        else {
            throw error(
                "archive/no-state", "it does not say of which cluster it is: there is no file `cluster`")
        }
        let line = bytes.withUnsafeBytes { Array($0.prefix { $0 != 0x0a }.prefix(256)) }
        guard !line.elementsEqual(cluster.utf8) else { return }
        throw BootstrapError(
            "archive/other-cluster",
            "cannot import \(name): it is the state of the cluster \(String(decoding: line, as: UTF8.self)), not of \(cluster)",
            hint: "give the spec of that cluster with --spec FILE")
    }

    private func error(_ code: String, _ why: Message) -> BootstrapError {
        BootstrapError(
            code, "cannot import \(name): \(why)",
            hint: "nothing was written; give a file that `aggbootstrap state export` wrote")
    }

    /// Makes all of it, durable.
    func write(below root: String, owner: FileOwner?) throws {
        var all = Set(directories)
        for file in files {
            let directory = file.path.splitPath.directory
            if directory != "." { all.insert(directory) }
        }
        try AtomicFileWriter.makeDirectories(
            all.sorted().map { "\(root)/\($0)" }, mode: 0o700, owner: owner)
        try AtomicFileWriter.write(
            files.map {
                FileWrite(
                    "\(root)/\($0.path)", $0.content, mode: StateDirectory.mode(of: $0.path), owner: owner)
            })
    }
}
