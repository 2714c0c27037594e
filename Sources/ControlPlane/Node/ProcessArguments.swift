// SPDX-License-Identifier: Apache-2.0

import NodeAccess
import Values

/// The command line of a running process.
enum ProcessArguments {
    /// - Returns: nil where there is no such process any more.
    static func read(pid: Int, on node: any NodeTransport) throws -> [String]? {
        try node.read("/proc/\(pid)/cmdline").flatMap { NodeProcess(pid: pid, commandLine: $0)?.arguments }
    }
}
