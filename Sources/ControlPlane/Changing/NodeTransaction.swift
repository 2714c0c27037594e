// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Values

/// A change of a live node's files that can be taken back: copies of what was there, kept until the API server has
/// been seen to serve with the new ones.
///
/// It lies in `/var/lib/aggbootstrap-node/UNIT/transaction` (0700) and is there before the first file changes, so a run
/// that is killed at any point leaves enough behind to go on or to go back. Copies are never hard links.
package struct NodeTransaction: Sendable {
    /// What one path held before.
    struct Entry: Sendable, Equatable {
        let path: String
        /// nil where nothing was there.
        let before: Before?

        struct Before: Sendable, Equatable {
            let mode: UInt32
            let owner: FileOwner
            /// File name of the copy within the transaction.
            let copy: String
            /// Of the copy; nil in a record that an earlier version of this program wrote.
            let sha256: String?
        }
    }

    let cause: ChangeCause
    /// Whether only the copies are still to be put away.
    var isDone = false
    let startedAt: UnixTime
    let wasServing: Bool
    let baseDigests: [String: String]
    /// Directories that this change makes, outermost first.
    let madeDirectories: [String]
    let entries: [Entry]
    let node: any NodeTransport

    package static func store(unit: String) -> String { "/var/lib/aggbootstrap-node/\(unit)" }

    /// Reads the transaction that is open for `unit`; nil where none is.
    static func open(unit: String, on node: any NodeTransport) throws -> NodeTransaction? {
        for path in manifests(unit: unit) {
            if let bytes = try node.read(path) {
                return try parse(String(decoding: bytes, as: UTF8.self), path: path, node)
            }
        }
        return nil
    }

    /// Where the record of an open transaction lies: the second while the first is replaced.
    static func manifests(unit: String) -> [String] {
        ["transaction", "transaction.replaced"].map { "\(store(unit: unit))/\($0)/manifest" }
    }

    /// Reads what the last change that ended replaced; nil where there was none.
    static func previous(unit: String, on node: any NodeTransport) throws -> NodeTransaction? {
        let path = "\(previousStore(unit: unit))/manifest"
        return try node.read(path).map { try parse(String(decoding: $0, as: UTF8.self), path: path, node) }
    }

    static func previousStore(unit: String) -> String { "\(store(unit: unit))/previous" }

    /// Copies what lies at `paths` and records it; what an open transaction copied before is kept instead, since that
    /// is the state that worked.
    package static func begin(
        unit: String, cause: ChangeCause = .spec, paths: [String], madeDirectories: [String],
        wasServing: Bool, baseDigests: [String: String], now: UnixTime, on node: any NodeTransport
    ) throws -> NodeTransaction {
        let store = store(unit: unit)
        try node.makeDirectories(store, mode: 0o700)
        do {
            return try fill(
                unit: unit, cause: cause, paths: paths, madeDirectories: madeDirectories,
                wasServing: wasServing,
                baseDigests: baseDigests, now: now, node)
        } catch {
            try? node.removeTree("\(store)/transaction.unfinished")
            try? node.removeEmptyDirectory(store)
            try? node.removeEmptyDirectory(AtomicFileWriter.split(store).directory)
            throw error
        }
    }

    private static func fill(
        unit: String, cause: ChangeCause, paths: [String], madeDirectories: [String], wasServing: Bool,
        baseDigests: [String: String], now: UnixTime, _ node: any NodeTransport
    ) throws -> NodeTransaction {
        let store = store(unit: unit)
        let earlier = try open(unit: unit, on: node)
        if try node.status("\(store)/transaction") == nil, earlier != nil {
            try node.renameDirectory("\(store)/transaction.replaced", to: "\(store)/transaction")
        }
        let fresh = "\(store)/transaction.unfinished"
        try node.removeTree(fresh)
        try node.makeDirectories(fresh, mode: 0o700)
        let (entries, copies) = try prepareCopies(of: paths, earlier: earlier, in: store, to: fresh, node)
        let known = earlier?.madeDirectories ?? []
        let made = known + madeDirectories.filter { !known.contains($0) }
        let transaction = NodeTransaction(
            // What a roll-back goes back to may be gone once it is done: that must not be forgotten.
            cause: cause, isDone: earlier?.isDone == true && earlier?.cause == cause && paths.isEmpty,
            startedAt: earlier?.startedAt ?? now, wasServing: earlier?.wasServing ?? wasServing,
            baseDigests: baseDigests, madeDirectories: made,
            entries: entries, node: node)
        let manifest = "\(fresh)/manifest"
        let temporary = try node.prepare(manifest, .text(transaction.manifest), mode: 0o600, owner: nil)
        try node.commit(copies + [PreparedPath(temporary: temporary, path: manifest)])
        if earlier != nil {
            try node.removeTree("\(store)/transaction.replaced")
            try node.renameDirectory("\(store)/transaction", to: "\(store)/transaction.replaced")
        }
        try node.renameDirectory(fresh, to: "\(store)/transaction")
        // It holds nothing that the new one lacks; the transaction does not end before it is gone.
        try? node.removeTree("\(store)/transaction.replaced")
        return transaction
    }

    /// Puts every file back as it was: content, mode and owner; what was not there is removed. All copies are prepared first,
    /// so that a key and a certificate of two pairs lie side by side for no longer than between two renames.
    package func restore(unit: String) throws {
        let store = "\(Self.store(unit: unit))/transaction"
        var (copies, absent): ([FileCopy], [String]) = ([], [])
        for entry in entries {
            let path = entry.path
            try node.remove(Self.temporary(path))
            guard let before = entry.before else {
                absent.append(path)
                continue
            }
            let copy = "\(store)/\(before.copy)"
            guard let digest = try node.sha256(of: copy) else { throw Self.missing(copy, of: path) }
            if try isUnchanged(path, before, digest) { continue }
            copies.append(FileCopy(of: copy, to: path, mode: before.mode, owner: before.owner))
        }
        // A roll-back removes the directories that the change before had made.
        try node.makeDirectories(
            Set(copies.map { AtomicFileWriter.split($0.path).directory }).sorted(), mode: 0o755)
        let prepared = try node.prepareCopies(copies)
        for (copy, found) in zip(copies, prepared) where found == nil {
            node.discard(prepared.compactMap { $0?.temporary })
            throw Self.missing(copy.source, of: copy.path)
        }
        let files = copies.map { PreparedPath(temporary: Self.temporary($0.path), path: $0.path) }
        do { try node.commit(files, removing: absent) } catch {
            node.discard(files.map(\.temporary))
            throw error
        }
        for directory in madeDirectories.reversed() {
            try node.removeEmptyDirectory(directory)
        }
    }

    /// Ends the transaction: the copies become the last good state of before.
    func close(unit: String) throws {
        let store = Self.store(unit: unit)
        for entry in entries { try node.remove(Self.temporary(entry.path)) }
        // First what `open` would take for an open transaction once the newer one is gone.
        try node.removeTree("\(store)/transaction.replaced")
        if cause != .spec, !isDone {
            // Without the copies that it went back to, a roll-back could not be gone on with.
            var done = self
            done.isDone = true
            try node.write("\(store)/transaction/manifest", .text(done.manifest), mode: 0o600)
        }
        try node.removeTree(Self.previousStore(unit: unit))
        try node.renameDirectory("\(store)/transaction", to: Self.previousStore(unit: unit))
    }

    /// Opens the last change that ended once more, so that it can be taken back; killed after that, the next run
    /// takes it back.
    /// - Returns: nil where its copies are gone, or another change is open.
    package static func reopen(unit: String, on node: any NodeTransport) throws -> NodeTransaction? {
        guard try open(unit: unit, on: node) == nil, try previous(unit: unit, on: node) != nil else {
            return nil
        }
        try node.renameDirectory(previousStore(unit: unit), to: "\(store(unit: unit))/transaction")
        return try open(unit: unit, on: node)
    }

    /// Ends the transaction after `restore`: nothing has changed, so nothing is kept.
    package func drop(unit: String) throws {
        let store = Self.store(unit: unit)
        try node.removeTree("\(store)/transaction.replaced")
        // As a whole: a transaction without its copies must never be found.
        try node.removeTree("\(store)/transaction.unfinished")
        try node.renameDirectory("\(store)/transaction", to: "\(store)/transaction.unfinished")
        try node.removeTree("\(store)/transaction.unfinished")
        try node.removeEmptyDirectory(store)
        try node.removeEmptyDirectory(AtomicFileWriter.split(store).directory)
    }

    // MARK: - Parts

    private func isUnchanged(_ path: String, _ before: Entry.Before, _ digest: String) throws -> Bool {
        guard let status = try node.status(path), status.kind == .regular, status.mode == before.mode,
            FileOwner(userID: status.userID, groupID: status.groupID) == before.owner
        else { return false }
        return try node.sha256(of: path) == digest
    }

    private static func temporary(_ path: String) -> String {
        AtomicFileWriter.temporary(for: path)
    }

    /// What a path's copy is made of.
    private struct Source {
        let file: String
        let mode: UInt32
        let owner: FileOwner
        /// Whether it is the copy of an earlier transaction.
        let isKept: Bool
    }

    /// Stages the copies of what lies at the paths now, or of what an earlier transaction kept of them; the temporaries go
    /// with the directory where this fails.
    private static func prepareCopies(
        of paths: [String], earlier: NodeTransaction?, in store: String, to fresh: String,
        _ node: any NodeTransport
    ) throws -> (entries: [Entry], prepared: [PreparedPath]) {
        var all: [String] = []
        for path in (earlier?.entries.map(\.path) ?? []) + paths where !all.contains(path) {
            all.append(path)
        }
        let sources = try all.map { path in
            try source(of: path, earlier?.entries.first { $0.path == path }, "\(store)/transaction", node)
        }
        var copies: [FileCopy] = []
        for (number, source) in sources.enumerated() {
            guard let source else { continue }
            copies.append(FileCopy(of: source.file, to: "\(fresh)/\(number)", mode: 0o600))
        }
        var found = try node.prepareCopies(copies)[...]
        var (entries, prepared): ([Entry], [PreparedPath]) = ([], [])
        for (number, (path, source)) in zip(all, sources).enumerated() {
            guard let source, let copy = found.popFirst() ?? nil else {
                // Never taken for a file that was not there: putting that back would remove the file.
                if let source, source.isKept { throw missing(source.file, of: path) }
                entries.append(Entry(path: path, before: nil))
                continue
            }
            prepared.append(PreparedPath(temporary: copy.temporary, path: "\(fresh)/\(number)"))
            let before = Entry.Before(
                mode: source.mode, owner: source.owner, copy: "\(number)", sha256: copy.sha256)
            entries.append(Entry(path: path, before: before))
        }
        return (entries, prepared)
    }

    /// - Returns: nil where nothing is, or was, there.
    private static func source(
        of path: String, _ known: Entry?, _ old: String, _ node: any NodeTransport
    ) throws -> Source? {
        if let known {
            return known.before.map {
                Source(file: "\(old)/\($0.copy)", mode: $0.mode, owner: $0.owner, isKept: true)
            }
        }
        guard let status = try node.status(path) else { return nil }
        let owner = FileOwner(userID: status.userID, groupID: status.groupID)
        return Source(file: path, mode: status.mode, owner: owner, isKept: false)
    }

    private static func missing(_ copy: String, of path: String) -> BootstrapError {
        BootstrapError(
            "node/backup-missing", "cannot restore \(path): its copy \(copy) is gone",
            hint:
                "restore the file from your own backup, then remove \(AtomicFileWriter.split(copy).directory)"
        )
    }
}
