// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Secrets
import Values

/// Puts a node plan's files beside their targets, durable but not yet in effect.
package struct FilePreparer {
    let node: any NodeTransport
    /// The private key of an owner's proxy client, read when it is needed; nil where none is issued.
    let leafKey: @Sendable (_ owner: String) throws -> SecretBytes?

    package init(
        node: any NodeTransport, leafKey: @escaping @Sendable (_ owner: String) throws -> SecretBytes?
    ) {
        self.node = node
        self.leafKey = leafKey
    }

    /// Stages every file of `plan`: CA first, then key and certificate, then the flags, which is also the order in
    /// which they are renamed.
    /// - Throws: after having removed what it had prepared.
    func prepare(_ plan: NodePlan) throws -> [PreparedPath] {
        let changes = plan.files.filter { $0.action != .remove }
        var (files, copies): ([FileWrite], [(copy: FileCopy, sha256: String)]) = ([], [])
        for file in changes {
            let owner = Self.owner(of: file)
            if case .privateKeyCopy(let source, let sha256) = file.content {
                copies.append((FileCopy(of: source, to: file.path, mode: file.mode, owner: owner), sha256))
            } else {
                files.append(
                    FileWrite(file.path, try content(of: file), mode: file.mode, owner: owner))
            }
        }
        let temporaries = try node.prepare(files)
        do { try prepare(copies) } catch {
            node.discard(temporaries)
            throw error
        }
        return changes.map {
            PreparedPath(temporary: AtomicFileWriter.temporary(for: $0.path), path: $0.path)
        }
    }

    /// Renames everything over its target, back to back.
    func commit(_ prepared: [PreparedPath]) throws {
        do {
            try node.commit(prepared)
        } catch {
            discard(prepared)
            throw error
        }
    }

    func discard(_ prepared: [PreparedPath]) {
        node.discard(prepared.map(\.temporary))
    }

    /// Offline, where nobody says who is to own a file, one that is there keeps its owner.
    private static func owner(of file: FileChange) -> FileOwner? {
        if let ids = file.ownerIDs { return FileOwner(userID: ids[0], groupID: ids[1]) }
        guard file.before.kind == .regular else { return nil }
        return FileOwner(userID: file.before.userID, groupID: file.before.groupID)
    }

    private func content(of file: FileChange) throws -> FileContent {
        switch file.content {
        case .text(let bytes), .certificate(let bytes, _), .bundle(let bytes, _): return .bytes(bytes)
        case .privateKey(let owner):
            guard let key = try leafKey(owner) else { throw notIssued(file) }
            return .secret(key)
        case .privateKeyCopy, .certificateToIssue, .nothing: throw notIssued(file)
        }
    }

    /// A key that the node keeps never leaves it.
    private func prepare(_ copies: [(copy: FileCopy, sha256: String)]) throws {
        let prepared = try node.prepareCopies(copies.map(\.copy))
        for (wanted, copy) in zip(copies, prepared) where copy?.sha256 != wanted.sha256 {
            node.discard(prepared.compactMap { $0?.temporary })
            throw BootstrapError(
                "rollback/copy-damaged",
                "cannot restore \(wanted.copy.path): its copy \(wanted.copy.source) is gone or damaged",
                hint: "run init, which installs what the spec says")
        }
    }

    private func notIssued(_ file: FileChange) -> BootstrapError {
        BootstrapError(
            "internal/not-issued", "cannot write \(file.path): its certificate has not been issued",
            hint: "this is a bug in aggbootstrap; nothing was changed on the node")
    }
}
