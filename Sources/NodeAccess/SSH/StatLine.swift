// SPDX-License-Identifier: Apache-2.0

import LocalFiles

extension FileStatus {
    /// Raw mode in hex, user, group, size, inode, device and links, as `stat -c "%f %u %g %s %i %d %h"` has them.
    init?(statLine line: String) {
        let words = line.split(separator: " ")
        guard words.count == 7, let raw = UInt32(words[0], radix: 16), let user = UInt32(words[1]),
            let group = UInt32(words[2]), let size = Int64(words[3]), size >= 0, let inode = UInt64(words[4]),
            let device = UInt64(words[5]), let links = UInt64(words[6])
        else { return nil }
        self.init(
            rawMode: raw, userID: user, groupID: group, size: size, inode: inode, device: device,
            links: links)
    }

    /// Whether it is the type of what is there, as stat(1) calls it.
    static func isKind(_ text: String) -> Bool { !text.isEmpty && !text.contains(":") }
}
