// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Spec
import Values

/// The directory of `--root`: whether a run can use it, before it reads or makes anything there.
package enum RunRoot {
    /// - Throws: `root/not-a-directory` in the place of a file, or where a link leads to nothing; `root/missing`.
    package static func check(_ root: String?, _ need: RootNeed) throws {
        guard let root else { return }
        var path = ""
        for name in try whole(root).pathComponents {
            path += "/\(name)"
            guard let status = try FileStatus.of(path) else {
                guard need != .nothing else { return }
                throw missing(root, path)
            }
            let target = try NodeRoot.machine.follow(path)
            guard try FileStatus.of(target)?.kind != .directory else { continue }
            let cause =
                status.kind == .symbolicLink
                ? "a symbolic link to \(target), which is not a directory" : "not a directory"
            throw BootstrapError(
                "root/not-a-directory", status: .usage, "cannot use \(root) of --root: \(path) is \(cause)",
                hint: "give a directory with --root; init creates it if it does not exist")
        }
    }

    /// Files of a directory that has nothing to do with the spec would all be said to be missing.
    /// - Throws: `root/no-tree`.
    static func checkTrees(_ root: String?, _ need: RootNeed, _ nodes: [NodeSpec]) throws {
        guard let root, need == .trees, let first = nodes.first,
            try nodes.allSatisfy({ try FileStatus.of("\(root)/\($0.name)") == nil })
        else { return }
        let others: Message = nodes.count > 1 ? ", and neither does that of another node of the spec" : ""
        throw BootstrapError(
            "root/no-tree", status: .usage,
            "cannot read the nodes' files below \(root): \(root)/\(first.name) does not exist\(others)",
            hint:
                "give the directory that init --root wrote to, or make it first: aggbootstrap init --root \(root)"
        )
    }

    static func whole(_ path: String) throws -> String {
        try path.isAbsolutePath ? path : "\(LocalHost.absolute("."))/\(path)"
    }

    private static func missing(_ root: String, _ path: String) -> BootstrapError {
        BootstrapError(
            "root/missing", status: .usage,
            "cannot use \(root) of --root: the directory \(path) does not exist",
            hint: "correct the path, or make it first: aggbootstrap init --root \(root)")
    }
}
