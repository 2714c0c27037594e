// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import PKI
import Planning
import Secrets
import Spec
import Values

/// Reads what a node keeps of before its last change, and what lies in those places now; changes nothing.
package struct PreviousReader {
    let spec: ClusterSpec
    let node: any NodeTransport
    let reader: CertificateReader

    package init(spec: ClusterSpec, node: any NodeTransport, reader: CertificateReader) {
        self.spec = spec
        self.node = node
        self.reader = reader
    }

    private var unit: String { spec.apiServer.unit }

    /// - Returns: nil where nothing is kept.
    /// - Throws: `rollback/copy-damaged` where a copy is gone or is not what was kept.
    package func read() throws -> PreviousFiles? {
        guard let record = try NodeTransaction.previous(unit: unit, on: node) else { return nil }
        return PreviousFiles(
            startedAt: record.startedAt, cause: record.cause, baseDigests: record.baseDigests,
            madeDirectories: record.madeDirectories,
            entries: try record.entries.map { entry in
                PreviousFiles.Entry(
                    path: entry.path, now: try now(entry.path),
                    before: try entry.before.map { try before($0, of: entry.path) })
            })
    }

    private func before(_ before: NodeTransaction.Entry.Before, of path: String) throws
        -> PreviousFiles.Before
    {
        let copy = "\(NodeTransaction.previousStore(unit: unit))/\(before.copy)"
        guard let digest = try node.sha256(of: copy) else { throw damaged(copy, path, "is gone") }
        guard before.sha256.map({ $0 == digest }) ?? true else {
            throw damaged(copy, path, "was changed")
        }
        let (content, certificates) = try self.content(path, in: copy, digest)
        return PreviousFiles.Before(
            mode: before.mode, userID: before.owner.userID, groupID: before.owner.groupID, sha256: digest,
            content: content, certificates: certificates)
    }

    private func now(_ path: String) throws -> ObservedFile {
        var file = try NodeFiles(node: node, reader: reader).observe(path, isSecret: true)
        guard file.kind == .regular else { return file }
        if case .text(let text) = try content(path, in: path, "").content { file.content = text }
        return file
    }

    /// A key stays where it lies; certificates are known by what they say; anything else is a text.
    private func content(_ path: String, in copy: String, _ digest: String) throws -> (
        content: FileChange.Content, certificates: [CertificateSummary]
    ) {
        let key = "\(spec.certificates.directory)/\(spec.certificates.files.key)"
        if path == key { return (.privateKeyCopy(path: copy, sha256: digest), []) }
        guard let bytes = try node.readSecret(copy, limit: 4 << 20) else {
            throw damaged(copy, path, "is gone")
        }
        if Self.holdsKey(bytes) { return (.privateKeyCopy(path: copy, sha256: digest), []) }
        let text = bytes.withUnsafeBytes { Array($0) }
        if let certificates = try? reader.bundle(pem: text, path: path), let first = certificates.first {
            return (.certificate(text, first.summary), certificates.map(\.summary))
        }
        return (.text(text), [])
    }

    private static func holdsKey(_ bytes: SecretBytes) -> Bool {
        let mark = Array("PRIVATE KEY-----".utf8)
        return bytes.withUnsafeBytes { all in
            guard all.count >= mark.count else { return false }
            return (0...(all.count - mark.count)).contains { start in
                all[start] == mark[0] && all[start..<(start + mark.count)].elementsEqual(mark)
            }
        }
    }

    private func damaged(_ copy: String, _ path: String, _ why: Message) -> BootstrapError {
        BootstrapError(
            "rollback/copy-damaged", "cannot restore \(path): its copy \(copy) \(why)",
            hint: "skip the node with --limit, or run init; nothing was changed")
    }
}
