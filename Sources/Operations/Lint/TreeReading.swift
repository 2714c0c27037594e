// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Secrets
import Synchronization
import Values

/// A tree whose directories are listed once: most of what systemd would look for is not there, and is known not to be
/// without asking again.
final class TreeReading: NodeReading {
    private let base: any NodeReading
    private struct Listing {
        let names: [String]
        let known: Set<ByteText>
    }

    private let listings = Mutex<[ByteText: Listing]>([:])

    init(_ base: any NodeReading) { self.base = base }

    func display(_ path: String) -> String { base.display(path) }

    func status(_ path: String) throws(NodeError) -> FileStatus? {
        mayExist(path) ? try base.status(path) : nil
    }

    func follow(_ path: String) throws(NodeError) -> String {
        // What is missing stays as it is named.
        mayExist(path) ? try base.follow(path) : path
    }

    /// A device is not opened, as some do something when they are.
    func read(_ path: String, limit: Int) throws(NodeError) -> [UInt8]? {
        guard mayExist(path) else { return nil }
        try checkKind(path)
        return try base.read(path, limit: limit)
    }

    func readSecret(_ path: String, limit: Int) throws(NodeError) -> SecretBytes? {
        guard mayExist(path) else { return nil }
        try checkKind(path)
        return try base.readSecret(path, limit: limit)
    }

    func list(_ path: String) throws(NodeError) -> [String] {
        guard mayExist(path) else { return [] }
        if let known = listing(path) { return known.names }
        return try base.list(path)
    }

    func lists(_ paths: [String]) throws(NodeError) -> [[String]] {
        var lists: [[String]] = []
        for path in paths { lists.append(try list(path)) }
        return lists
    }

    private func checkKind(_ path: String) throws(NodeError) {
        guard var kind = try base.status(path)?.kind else { return }
        if kind == .symbolicLink { kind = try base.status(base.follow(path))?.kind ?? .regular }
        guard kind == .regular else {
            throw NodeError(
                .notRegular, operation: "read", subject: display(path), underlying: "it is not a regular file"
            )
        }
    }

    /// False where a directory on the way to it does not have the next name.
    private func mayExist(_ path: String) -> Bool {
        let parts = path.pathComponents
        guard !parts.contains(where: { $0 == "." || $0 == ".." }) else { return true }
        var directory = ""
        for part in parts {
            guard let listing = listing(directory.isEmpty ? "/" : directory) else { return true }
            guard listing.known.contains(part.bytes) else { return false }
            directory += "/\(part)"
        }
        return true
    }

    /// nil where the directory cannot be listed.
    private func listing(_ directory: String) -> Listing? {
        let key = directory.bytes
        if let known = listings.withLock({ $0[key] }) { return known }
        guard let names = try? base.list(directory) else { return nil }
        let found = Listing(names: names, known: Set(names.bytes))
        listings.withLock { $0[key] = found }
        return found
    }
}
