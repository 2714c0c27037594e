// SPDX-License-Identifier: Apache-2.0

/// What `/proc` says of a process of a node.
package struct NodeProcess: Sendable, Equatable {
    package let pid: Int
    /// With the program's name in front.
    package let arguments: [String]
    /// What it was started from, links followed; nil where that is not told.
    package let executable: String?
    /// Whether it has the node's own network, and not that of a pod or container.
    package let isInNodeNetwork: Bool

    package init(pid: Int, arguments: [String], executable: String? = nil, isInNodeNetwork: Bool = true) {
        self.pid = pid
        self.arguments = arguments
        self.executable = executable
        self.isInNodeNetwork = isInNodeNetwork
    }

    /// - Parameter commandLine: `/proc/PID/cmdline`.
    /// - Returns: nil for a process of the kernel, and for one that has ended.
    package init?(
        pid: Int, commandLine bytes: some Collection<UInt8>, executable: String? = nil,
        isInNodeNetwork: Bool = true
    ) {
        guard !bytes.isEmpty else { return nil }
        // A program that wrote a title of its own there may have left the last zero out.
        var words = bytes.split(separator: 0, omittingEmptySubsequences: false)
        if words.last?.isEmpty == true { words.removeLast() }
        self.init(
            pid: pid, arguments: words.map { String(decoding: $0, as: UTF8.self) }, executable: executable,
            isInNodeNetwork: isInNodeNetwork)
    }
}
