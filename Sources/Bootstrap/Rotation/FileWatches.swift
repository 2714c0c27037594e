// SPDX-License-Identifier: Apache-2.0

import APIServerAccess
import NodeAccess

/// Which files a process of a node watches, as /proc tells.
enum FileWatches {
    /// - Returns: nil where one of `paths` is missing.
    static func coverage(
        of paths: [String], by pid: Int, on node: any NodeTransport
    ) throws -> InotifyWatches.Coverage? {
        var files: [InotifyWatches.File] = []
        for path in paths {
            guard let status = try node.status(path) else { return nil }
            files.append(.init(inode: status.inode, device: status.device))
        }
        let directory = "/proc/\(pid)/fdinfo"
        let texts = try node.list(directory).compactMap { name in
            (try? node.read("\(directory)/\(name)")).flatMap { $0 }.map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        return InotifyWatches(fdinfo: texts).coverage(of: files)
    }
}
