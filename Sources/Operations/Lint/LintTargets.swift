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
    /// Files of a directory whose trees are judged: they belong to none of them.
    private(set) var passedOver: [String] = []
    /// Archives in a directory: they may be copies of what lies beside them.
    private(set) var archives: [String] = []
    private var loose: [String] = []
    /// Trees and files that were named already.
    private var seen: Set<ByteText> = []

    /// What a node's tree has at least one of.
    private static let marks = ["/etc/systemd/system", "/etc/kubernetes", "/usr/lib/systemd/system"]
    private static let deepest = 3
    private static let endings = [
        ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tar.bz2", ".tbz2",
    ]

    /// - Throws: `usage/empty-path`, `usage/no-such-path`, `usage/nothing-to-judge`, or why something cannot be read.
    init(_ paths: [String]) async throws {
        for path in paths { try await take(path) }
        if !loose.isEmpty { targets.append(.loose(loose)) }
        archives = archives.filter { seen.insert($0.bytes).inserted }
    }

    private mutating func take(_ path: String) async throws {
        guard !path.isEmpty else {
            throw BootstrapError(
                "usage/empty-path", status: .usage, "--offline is given an empty path",
                hint: "name a node's tree, a directory of trees, a tar archive or files")
        }
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
        guard try Self.isArchive(path) else { return try takeFile(path) }
        guard seen.insert(path.bytes).inserted else { return }
        let archive = try TarArchive(
            await Decompressor.read(path, limit: TarArchive.limit), name: Message(verbatim: path))
        try takeArchive(archive, path)
    }

    /// By its name, or by how its content begins.
    private static func isArchive(_ path: String) throws -> Bool {
        if endings.contains(where: path.hasSuffix) { return true }
        let beginning = try FileReader.first(TarArchive.beginning, of: path)
        return Decompressor.isCompressed(beginning) || TarArchive.hasMagic(beginning)
    }

    /// - Throws: why it cannot be read: what is passed over would look as if it were judged.
    private mutating func takeFile(_ path: String) throws {
        _ = try FileReader.first(1, of: path)
        if seen.insert(path.bytes).inserted { loose.append(path) }
    }

    private mutating func takeTree(_ prefix: String, node: String) {
        if seen.insert("\(prefix)/".bytes).inserted { targets.append(.tree(prefix, node: node)) }
    }

    private static func plain(_ path: String) -> String {
        var path = path[...]
        while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path = path.dropLast() }
        return String(path)
    }

    private mutating func takeDirectory(_ path: String) throws {
        let prefix = path == "/" ? "" : path
        if try Self.isTree(LocalTransport(root: NodeRoot(prefix: prefix))) {
            return takeTree(prefix, node: path.splitPath.name)
        }
        let names = try FileReader.list(path).filter { !$0.hasPrefix(".") }
        var files = try names.map { "\(prefix)/\($0)" }.filter(Self.isFile)
        let trees = try Self.trees(below: prefix)
        guard trees.isEmpty else {
            for tree in trees { takeTree(tree, node: tree.splitPath.name) }
            let packed = files.filter { (try? Self.isArchive($0)) == true }
            archives += packed
            return passedOver += files.filter { !packed.containsBytes($0) }
        }
        for name in names where name.hasSuffix(".service.d") && !files.containsBytes("\(prefix)/\(name)") {
            files += try FileReader.list("\(prefix)/\(name)").map { "\(prefix)/\(name)/\($0)" }
                .filter(Self.isFile)
        }
        let packed = try files.filter(Self.isArchive)
        archives += packed
        files.removeAll(where: packed.containsBytes)
        guard !files.isEmpty else { throw Self.nothing(in: [path], archives: packed) }
        for file in files { try takeFile(file) }
    }

    /// Those of the nearest level that has any; links are not followed on the way.
    private static func trees(below prefix: String) throws -> [String] {
        var level = [prefix]
        for _ in 0..<deepest {
            var directories: [String] = []
            for parent in level {
                // What is not ours to list, deeper down, is nobody's tree.
                let names =
                    parent == prefix
                    ? try FileReader.list(parent.isEmpty ? "/" : parent)
                    : (try? FileReader.list(parent)) ?? []
                directories += try names.filter { !$0.hasPrefix(".") }.map { "\(parent)/\($0)" }
                    .filter { try FileStatus.of($0)?.kind == .directory }
            }
            let trees = directories.filter {
                (try? isTree(LocalTransport(root: NodeRoot(prefix: $0)))) == true
            }
            if !trees.isEmpty { return trees }
            level = directories
        }
        return []
    }

    /// Whether it is a regular file, or a link that does not lead to a directory.
    private static func isFile(_ path: String) throws -> Bool {
        switch try FileStatus.of(path)?.kind {
        case .regular: true
        case .symbolicLink: try FileStatus.of("\(path)/.") == nil
        default: false
        }
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
        guard targets.count > count else { throw Self.nothing(in: [path]) }
    }

    private static func isTree(_ node: any NodeReading) throws -> Bool {
        try marks.contains { try node.status($0) != nil }
    }

    /// - Parameters:
    ///   - paths: what was named; at least one.
    ///   - archives: those in directories that were named.
    static func nothing(in paths: [String], archives: [String] = []) -> BootstrapError {
        let others: Message = paths.count > 1 ? " and \(paths.count - 1) more" : ""
        let verb: Message = paths.count > 1 ? "hold" : "holds"
        return BootstrapError(
            "usage/nothing-to-judge", status: .usage,
            "\(paths[0])\(others) \(verb) neither a node's tree nor files of a set-up",
            hint: archives.isEmpty
                ? "a tree has etc/systemd/system or etc/kubernetes in it: give that directory, or the one above it; single files "
                    + "are units, drop-ins, environment files, and certificates and keys in PEM"
                : "an archive in a directory is judged only if it is named itself: --offline \(archives[0])"
                    + (archives.count > 1 ? " and \(archives.count - 1) more" : "")
        )
    }
}
