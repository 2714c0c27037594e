// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import Values

extension LocalTransport {
    package func processes(mentioning words: [String]) throws(NodeError) -> [NodeProcess] {
        let own = try link("/proc/self/ns/net")
        var found: [NodeProcess] = []
        for name in try list("/proc") {
            guard let pid = Int(name), let line = commandLine(name),
                words.contains(where: { Self.mentions(line, $0) })
            else { continue }
            let network = try link("/proc/\(name)/ns/net")
            guard
                let process = NodeProcess(
                    pid: pid, commandLine: line, executable: try link("/proc/\(name)/exe"),
                    isInNodeNetwork: network == nil || network == own)
            else { continue }
            found.append(process)
        }
        return found
    }

    /// nil for a process that has ended meanwhile.
    private func commandLine(_ pid: String) -> [UInt8]? {
        do { return try read("/proc/\(pid)/cmdline", limit: 1 << 22) } catch { return nil }
    }

    private static func mentions(_ line: [UInt8], _ word: String) -> Bool {
        let word = Array(word.utf8)
        guard let first = word.first, line.count >= word.count else { return false }
        return line.indices.dropLast(word.count - 1).contains { index in
            line[index] == first && line[index..<(index + word.count)].elementsEqual(word)
        }
    }

    /// What a link of `/proc` says; nil where there is none.
    private func link(_ path: String) throws(NodeError) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink(try root.reach(path, following: false), &buffer, buffer.count)
        guard count >= 0 else { return nil }
        return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
