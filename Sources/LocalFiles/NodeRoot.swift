// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// Where a node's file tree begins: `/` on the machine itself, a directory for an offline tree.
///
/// Links of a tree lead where they would on the node, as in a chroot(2): an absolute one begins at the tree's root, and
/// `..` does not leave it. So nothing below a tree reads or changes a file of the machine that holds it.
package struct NodeRoot: Sendable, Equatable {
    /// Empty for the machine itself; else an absolute or relative directory without a trailing slash.
    package let prefix: String
    /// What is no link, where nobody changes the tree meanwhile; nil where it is looked at again each time.
    private let plain: PlainPaths?

    package static let machine = NodeRoot(prefix: "")

    /// As the kernel has it (path_resolution(7)).
    private static let mostLinks = 40

    /// - Parameter isStill: whether nobody changes the tree while it is read: what is no link is then looked at once.
    package init(prefix: String, isStill: Bool = false) {
        self.prefix = prefix
        plain = isStill ? PlainPaths() : nil
    }

    package static func == (a: NodeRoot, b: NodeRoot) -> Bool { a.prefix.bytes == b.prefix.bytes }

    /// The path as a message to the operator names it; links are not followed.
    package func display(_ nodePath: String) -> String { prefix + nodePath }

    /// The path by which this program reaches `nodePath`, which is absolute on the node; no directory of it is a link.
    /// - Parameter last: whether a link at the path itself is followed too; else the link is what is meant.
    package func reach(_ nodePath: String, following last: Bool = true) throws(NodeError) -> String {
        // The machine's own kernel follows its links.
        guard !prefix.isEmpty else { return nodePath }
        let path = try follow(nodePath, following: last)
        // A slash behind the tree's own name would follow a link there.
        return path == "/" ? prefix : prefix + path
    }

    /// Where `nodePath` leads on the node, with every link followed; what is missing stays as it is named.
    package func follow(_ nodePath: String, following last: Bool = true) throws(NodeError) -> String {
        // The path up to each name that it has by now.
        var (done, links) = ([""], 0)
        var pending = Array(nodePath.pathComponents.reversed())
        while let name = pending.popLast() {
            switch name {
            case ".": continue
            case "..":
                if done.count > 1 { done.removeLast() }
                continue
            default: break
            }
            done.append("\(done[done.count - 1])/\(name)")
            guard !pending.isEmpty || last else { break }
            let here = prefix + done[done.count - 1]
            if plain?.contains(here) == true { continue }
            let kind = try FileStatus.of(here)?.kind
            guard kind == .symbolicLink else {
                if kind != nil { plain?.insert(here) }
                continue
            }
            links += 1
            guard links <= Self.mostLinks else {
                throw .system("follow the links of", display(nodePath), ELOOP)
            }
            let target = try Self.target(ofLink: here)
            if target.isAbsolutePath { done = [""] } else { done.removeLast() }
            pending += target.pathComponents.reversed()
        }
        return done.count == 1 ? "/" : done[done.count - 1]
    }

    /// - Throws: `node/symbolic-link` where the directory, or one above it, is a link to something that is not in the
    ///   tree: where it leads on the node is not known.
    package func checkLeadsSomewhere(_ directory: String) throws(NodeError) {
        guard !prefix.isEmpty else { return }
        var path = ""
        for name in directory.pathComponents {
            path += "/\(name)"
            guard let status = try FileStatus.of(reach(path, following: false)) else { return }
            guard status.kind == .symbolicLink, try FileStatus.of(reach(path)) == nil else { continue }
            throw NodeError(
                .symbolicLink, operation: "use", subject: display(path),
                underlying: "it is a symbolic link to \(try follow(path)), which is not in the tree",
                hint: "copy what it leads to into the tree, at \(display(try follow(path)))")
        }
    }

    private static func target(ofLink path: String) throws(NodeError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink(path, &buffer, buffer.count)
        guard count >= 0 else { throw .system("follow the link", path) }
        guard let target = String(validating: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
        else {
            throw .notText("follow the link", path, "where it leads is not UTF-8")
        }
        return target
    }
}
