// SPDX-License-Identifier: Apache-2.0

import NodeAccess
import Values

/// The command line of a running process.
enum ProcessArguments {
    /// - Returns: nil where there is no such process any more.
    static func read(pid: Int, on node: any NodeTransport) throws -> [String]? {
        guard let bytes = try node.read("/proc/\(pid)/cmdline"), !bytes.isEmpty else { return nil }
        return bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
