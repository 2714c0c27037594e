// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Values

extension SSHTransport {
    /// Prints a line for each process whose command line has one of the words: its id, whether its network is this shell's,
    /// its command line in base64, and its program's file. One line, as it goes over ssh.
    private static let script =
        "command -v grep >/dev/null || exit 3; own=$(readlink /proc/self/ns/net); "
        + "for word; do grep -alsF -e \"$word\" /proc/[0-9]*/cmdline; done | sort -u | while IFS= read -r file; do "
        + "pid=${file#/proc/}; pid=${pid%/cmdline}; net=$(readlink \"/proc/$pid/ns/net\" 2>/dev/null) || continue; "
        + "[ \"$net\" = \"$own\" ] && net=own || net=other; "
        + "printf '%s %s %s %s\\n' \"$pid\" \"$net\" \"$(base64 -w 0 \"$file\" 2>/dev/null)\" "
        + "\"$(readlink \"/proc/$pid/exe\" 2>/dev/null)\"; done"

    package func processes(mentioning words: [String]) throws(NodeError) -> [NodeProcess] {
        let result = try runNow(
            "sh", ["-c", Self.script, "sh"] + words, environment: [:], timeoutSeconds: 60)
        guard result.status == 0 else {
            throw NodeError(
                .command, operation: "search", subject: "the node's processes",
                underlying: result.status == 3
                    ? "grep is not installed" : "sh ended with status \(result.status)",
                hint: result.status == 3 ? "install grep on the node, then run it again" : nil)
        }
        // Those that search have the words in their own command lines.
        return AgentChannel.Reply.lines(result.stdout).compactMap { Self.process($0) }
            .filter { !$0.arguments.contains(Self.script) }
            .sorted { $0.pid < $1.pid }
    }

    static func process(_ line: String) -> NodeProcess? {
        let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(
            String.init)
        guard parts.count >= 3, let pid = Int(parts[0]) else { return nil }
        let text = Array(parts[2].utf8)
        var bytes = [UInt8](repeating: 0, count: text.count)
        let count = text.withUnsafeBytes { source in
            bytes.withUnsafeMutableBytes { Base64.decode(source, into: $0) }
        }
        guard let count else { return nil }
        let executable = parts.count > 3 && !parts[3].isEmpty ? parts[3] : nil
        return NodeProcess(
            pid: pid, commandLine: bytes[..<count], executable: executable,
            isInNodeNetwork: parts[1] == "own")
    }
}
