// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Secrets
import Values

/// A tree within a tar archive; its links lead where they would on the node.
struct ArchiveReading: NodeReading {
    let archive: TarArchive
    /// The archive's own path.
    let name: String
    /// Where the tree begins in it; empty for its top.
    let root: String

    /// As the kernel has it (path_resolution(7)).
    private static let mostLinks = 40

    func display(_ path: String) -> String { "\(name):\(root)\(path)" }

    func status(_ path: String) throws(NodeError) -> FileStatus? {
        let (directory, name) = path.splitPath
        let place = path == "/" ? "/" : try joined(follow(directory), name)
        return status(at: place)
    }

    func follow(_ path: String) throws(NodeError) -> String {
        var (done, links): ([String], Int) = ([], 0)
        var pending = Array(path.pathComponents.reversed())
        while let part = pending.popLast() {
            if part == "." { continue }
            if part == ".." {
                _ = done.popLast()
                continue
            }
            done.append(part)
            let here = "/" + done.joined(separator: "/")
            guard let entry = archive.entry(root + here), entry.status.kind == .symbolicLink else { continue }
            links += 1
            guard links <= Self.mostLinks else {
                throw .notText("follow the links of", display(path), "they form a loop")
            }
            if entry.target.isAbsolutePath { done = [] } else { done.removeLast() }
            pending += entry.target.pathComponents.reversed()
        }
        return "/" + done.joined(separator: "/")
    }

    func read(_ path: String, limit: Int) throws(NodeError) -> [UInt8]? {
        try entry(path, limit).map { archive.withBytes(of: $0) { Array($0) } }
    }

    func readSecret(_ path: String, limit: Int) throws(NodeError) -> SecretBytes? {
        try entry(path, limit).map { archive.withBytes(of: $0) { SecretBytes(copying: $0) } }
    }

    func list(_ path: String) throws(NodeError) -> [String] {
        let place = try follow(path)
        return archive.names(in: place == "/" && !root.isEmpty ? root : root + place) ?? []
    }

    func lists(_ paths: [String]) throws(NodeError) -> [[String]] {
        var lists: [[String]] = []
        for path in paths { lists.append(try list(path)) }
        return lists
    }

    private func status(at place: String) -> FileStatus? {
        let path = place == "/" ? (root.isEmpty ? "/" : root) : root + place
        if let entry = archive.entry(path) { return entry.status }
        // A directory that is only on the way to others.
        guard archive.names(in: path) != nil else { return nil }
        return FileStatus(
            rawMode: 0o040755, userID: 0, groupID: 0, size: 0, inode: 0, device: 0, links: 1)
    }

    private func joined(_ directory: String, _ name: String) -> String {
        directory == "/" ? "/\(name)" : "\(directory)/\(name)"
    }

    private func entry(_ path: String, _ limit: Int) throws(NodeError) -> TarArchive.Entry? {
        let place = try follow(path)
        guard let entry = archive.entry(root + place) else { return nil }
        guard entry.status.kind == .regular else {
            throw NodeError(
                .notRegular, operation: "read", subject: display(path), underlying: "it is not a regular file"
            )
        }
        guard entry.status.size <= Int64(limit) else {
            throw NodeError(
                .tooLarge, operation: "read", subject: display(path),
                underlying: "it holds more than \(limit) bytes")
        }
        return entry
    }
}
