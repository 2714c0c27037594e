// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess

/// systemd's own parser, which judges unit files before systemd sees them.
package struct SystemdAnalyze {
    let node: any NodeTransport
    /// Made for the judgement, with the files below it, and removed again.
    let directory: String

    package init(node: any NodeTransport, directory: String) {
        self.node = node
        self.directory = directory
    }

    /// What it says of `units`, a line each, healthy ones included; empty where it has nothing to say.
    /// - Parameters:
    ///   - units: names of files among `files`.
    ///   - files: names, or paths below a folder of `folders`, with their text.
    package func verify(
        _ units: [String], _ files: [(name: String, text: String)], folders: [String] = []
    ) async throws -> [String] {
        try node.removeTree(directory)
        for path in [directory] + folders.map({ "\(directory)/\($0)" }) {
            try node.makeDirectories(path, mode: 0o700)
        }
        defer { try? node.removeTree(directory) }
        try node.write(files.map { FileWrite("\(directory)/\($0.name)", .text($0.text), mode: 0o600) })
        let result = try await node.run(
            "systemd-analyze",
            ["verify", "--man=no", "--recursive-errors=no"] + units.map { "\(directory)/\($0)" },
            environment: [
                "SYSTEMD_UNIT_PATH": "\(directory):", "SYSTEMD_LOG_COLOR": "0", "SYSTEMD_COLORS": "0",
            ], timeoutSeconds: 60)
        let lines = (result.stdout + result.stderr).split(separator: "\n").map {
            String($0).replacing(directory, with: "")
        }
        if lines.isEmpty && result.status != 0 {
            return ["systemd-analyze verify ended with \(result.status)"]
        }
        return lines
    }
}
