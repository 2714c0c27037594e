// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import LocalFiles
import NodeAccess
import OpenSSL
import PKI
import Planning
import Secrets
import Spec
import SystemdUnits
import Values

/// Reads what the rules judge of one set-up.
struct SetUpReader {
    let node: any NodeReading
    /// Whether it is a tree, and not files that were given one by one.
    let isWhole: Bool
    let cache: LintCache
    let request: LintRequest

    private static let limit = 4 << 20

    func facts(_ name: String?) -> LintFacts {
        var facts = LintFacts(
            node: name, isWhole: isWhole, now: request.now, warnSeconds: request.warnSeconds,
            version: request.version, display: { [node] in node.display($0) })
        let units = SetUpUnits(node: node, isWhole: isWhole)
        units.read(into: &facts)
        readPair(into: &facts, SetUpRoles(node: node, facts: facts, cache: cache).paths)
        readSurroundings(into: &facts)
        return facts
    }

    // MARK: - Certificates and keys

    private func readPair(into facts: inout LintFacts, _ paths: SetUpRoles.Paths) {
        let (ca, certificates) = bundle(paths.ca)
        let (file, chain) = bundle(paths.certificate)
        (facts.ca, facts.certificate, facts.key) = (ca, file, key(paths.key))
        facts.clientCA = paths.clientCA.map { bundle($0).file }
        facts.caKeys = caKeys(ca.path, not: paths.key)
        let leaf = LintPair(file.certificates, publicKey: facts.key.publicKeySHA256).leaf
        guard let leaf, !certificates.isEmpty else { return }
        let others = chain.indices.filter { $0 != leaf }.map { chain[$0] }
        let issuers = certificates.filter { cache.certificates.isSigned(chain[leaf], by: $0) }
        facts.issuers = Set(issuers.map(\.summary.fingerprintSHA256))
        facts.chainProblem = cache.problem(
            leaf: chain[leaf], intermediates: others, bundle: certificates, at: request.now)
    }

    /// None but those that are there.
    private func caKeys(_ ca: String, not key: String?) -> [LintFile] {
        guard isWhole, ca.isAbsolutePath else { return [] }
        return CertificateFileNames.keyPaths(ofCA: ca).filter { $0.bytes != key?.bytes }
            .map { self.key($0) }.filter { $0.kind == .regular }
    }

    private func bundle(_ path: String?) -> (file: LintFile, certificates: [Certificate]) {
        guard let path else { return (LintFile(path: "", kind: .absent, content: .absent), []) }
        do throws(NodeError) {
            guard let bytes = try node.read(path, limit: Self.limit) else { return (file(path, .absent), []) }
            do throws(PKIError) {
                let certificates = try cache.certificates.bundle(pem: bytes, path: path)
                return (file(path, .certificates(certificates.map(\.summary))), certificates)
            } catch {
                let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
                let content = LintFile.Content.broken(code: error.code.rawValue, cause: error.underlying)
                return (file(path, content, hasMark: hasMark), [])
            }
        } catch {
            return (file(path, .unreadable(error.underlying)), [])
        }
    }

    private func key(_ path: String?) -> LintFile {
        guard let path else { return LintFile(path: "", kind: .absent, content: .absent) }
        do throws(NodeError) {
            guard let bytes = try node.readSecret(path) else { return file(path, .absent) }
            let content = cache.key(bytes, path: path)
            guard case .broken = content else { return file(path, content) }
            let hasMark = bytes.withUnsafeBytes { $0.starts(with: [0xEF, 0xBB, 0xBF]) }
            return file(path, content, hasMark: hasMark)
        } catch {
            return file(path, .unreadable(error.underlying))
        }
    }

    /// A file or directory with what is said of it.
    private func file(_ path: String, _ content: LintFile.Content, hasMark: Bool = false) -> LintFile {
        guard path.isAbsolutePath, let status = try? node.status(path) else {
            return LintFile(path: path, kind: .absent, content: content, hasMark: hasMark)
        }
        let kind: ObservedFile.Kind =
            switch status.kind {
            case .regular: .regular
            case .directory: .directory
            case .symbolicLink: .symbolicLink
            case .other: .other
            }
        return LintFile(
            path: path, kind: kind, mode: status.mode, userID: status.userID, content: content,
            hasMark: hasMark)
    }

    // MARK: - Around them

    private func readSurroundings(into facts: inout LintFacts) {
        guard isWhole else { return }
        let unit = facts.unit
        let files = (unit?.ownFiles ?? []) + (unit?.environmentFiles.keys.sorted() ?? [])
        facts.others = files.map { file($0, .unread) }
        let named = [facts.ca.path, facts.certificate.path, facts.key.path].filter(\.isAbsolutePath)
        let directories = Set((named + files).map { $0.splitPath.directory.bytes }).sorted()
        facts.directories = directories.map { file($0.text, .unread) }
        facts.trustedOwners = owners(unit)
        facts.hasOtherFiles = Self.others.compactMap { unit?.file($0) }.contains {
            ((try? node.status($0)) ?? nil) != nil
        }
    }

    /// Flags that name files which `init` does not write.
    private static let others = [
        "etcd-cafile", "etcd-certfile", "etcd-keyfile", "kubelet-certificate-authority",
        "kubelet-client-certificate", "kubelet-client-key", "service-account-key-file",
        "service-account-signing-key-file", "tls-cert-file", "tls-private-key-file",
    ]

    /// root, who made the tree, and the unit's `User=`; nil where the tree's root does not tell.
    private func owners(_ unit: JudgedUnit?) -> Set<UInt32>? {
        // In an archive they are those of the person who packed it.
        guard !(node is ArchiveReading), let root = try? node.status("/") else { return nil }
        var owners: Set = [0, root.userID]
        guard let user = unit?.service?.user?.value else { return owners }
        if let number = UInt32(user) { owners.insert(number) }
        let passwd = (try? node.read("/etc/passwd", limit: 1 << 20)) ?? nil
        for line in (passwd ?? []).split(separator: 0x0A) {
            let fields = line.split(separator: 0x3A, omittingEmptySubsequences: false)
            guard fields.count > 2, fields[0].elementsEqual(user.utf8),
                let number = UInt32(String(decoding: fields[2], as: UTF8.self))
            else { continue }
            owners.insert(number)
        }
        return owners
    }
}
