// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Values

/// The set-ups that paths name.
struct LintTargets {
    /// One set-up.
    enum Target: Sendable {
        /// A tree of this machine's files.
        case tree(String, node: String)
        case archived(TarArchive, name: String, root: String, node: String)
        case loose([String])
    }

    private(set) var targets: [Target] = []
    private var loose: [String] = []

    /// What a node's tree has at least one of.
    private static let marks = ["/etc/systemd/system", "/etc/kubernetes", "/usr/lib/systemd/system"]
    private static let deepest = 3
    private static let endings = [
        ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tar.bz2", ".tbz2",
    ]

    /// - Throws: `usage/no-such-path`, `usage/nothing-to-judge`, or why a directory or archive cannot be read.
    init(_ paths: [String]) async throws {
        for path in paths { try await take(path) }
        if !loose.isEmpty { targets.append(.loose(loose)) }
    }

    private mutating func take(_ path: String) async throws {
        // A slash behind a link's name follows it.
        guard
            let kind = try FileStatus.of(path == "/" ? path : Self.plain(path) + "/.")?.kind
                ?? FileStatus.of(path)?.kind
        else {
            throw BootstrapError(
                "usage/no-such-path", status: .usage,
                "cannot judge \(path): there is no such file or directory",
                hint: "give a node's tree, a directory of trees, a tar archive or files")
        }
        if kind == .directory { return try takeDirectory(Self.plain(path)) }
        guard Self.endings.contains(where: path.hasSuffix) else { return loose.append(path) }
        let archive = try TarArchive(
            await Decompressor.read(path, limit: TarArchive.limit), name: path)
        try takeArchive(archive, path)
    }

    private static func plain(_ path: String) -> String {
        var path = path[...]
        while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path = path.dropLast() }
        return String(path)
    }

    private mutating func takeDirectory(_ path: String) throws {
        let prefix = path == "/" ? "" : path
        if try Self.isTree(LocalTransport(root: NodeRoot(prefix: prefix))) {
            return targets.append(.tree(prefix, node: path.splitPath.name))
        }
        let names = try FileReader.list(path).filter { !$0.hasPrefix(".") }
        var files: [String] = []
        let count = targets.count
        for name in names {
            let child = "\(prefix)/\(name)"
            guard let kind = try FileStatus.of(child)?.kind else { continue }
            if kind == .regular { files.append(child) }
            if kind == .directory, try Self.isTree(LocalTransport(root: NodeRoot(prefix: child))) {
                targets.append(.tree(child, node: name))
            }
        }
        if targets.count > count { return }
        loose += files
        for name in names where name.hasSuffix(".service.d") {
            loose += try FileReader.list("\(prefix)/\(name)").map { "\(prefix)/\(name)/\($0)" }
        }
        guard loose.isEmpty else { return }
        throw Self.nothing(path)
    }

    /// The trees lie at the archive's top, or a few directories below it.
    private mutating func takeArchive(_ archive: TarArchive, _ path: String) throws {
        let count = targets.count
        var roots = [""]
        for _ in 0...Self.deepest where targets.count == count {
            var below: [String] = []
            for root in roots {
                let tree = ArchiveReading(archive: archive, name: path, root: root)
                if try Self.isTree(tree) {
                    let node = (root.isEmpty ? path : root).splitPath.name
                    targets.append(.archived(archive, name: path, root: root, node: node))
                } else {
                    below += try tree.list("/").filter { !$0.hasPrefix(".") }.map { "\(root)/\($0)" }
                }
            }
            roots = below
        }
        guard targets.count > count else { throw Self.nothing(path) }
    }

    private static func isTree(_ node: any NodeReading) throws -> Bool {
        try marks.contains { try node.status($0) != nil }
    }

    private static func nothing(_ path: String) -> BootstrapError {
        BootstrapError(
            "usage/nothing-to-judge", status: .usage,
            "\(path) holds neither a node's tree nor files of a set-up",
            hint:
                "a tree has etc/systemd/system or etc/kubernetes in it: give that directory, or the one above it"
        )
    }
}
