// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Secrets
import Synchronization
import Values

/// What was read of a node before it was asked for: many files in two requests, where one by one each takes two.
///
/// Nothing depends on it: what it does not know, or not surely, is asked for one by one, with the error that there is.
final class ReadAhead: Sendable {
    private struct Known {
        /// nil where nothing is there.
        var status: FileStatus?
        var content: [UInt8]?
        var sha256: String?
    }

    /// A larger file is read alone.
    private static let mostBytes: Int64 = 256 << 10

    private let known = Mutex<[ByteText: Known]>([:])

    func forget() { known.withLock { $0 = [:] } }

    /// - Returns: nil where it is not known; else whether something is there.
    func status(_ path: String) -> FileStatus?? {
        known.withLock { $0[path.bytes] }.map(\.status)
    }

    /// - Returns: nil where it is not known; else the content, of which nil is that nothing is there.
    func content(_ path: String) -> [UInt8]?? {
        guard let known = known.withLock({ $0[path.bytes] }) else { return nil }
        if known.status == nil { return .some(nil) }
        return known.content.map(Optional.some)
    }

    func sha256(_ path: String) -> String?? {
        guard let known = known.withLock({ $0[path.bytes] }) else { return nil }
        if known.status == nil { return .some(nil) }
        return known.sha256.map(Optional.some)
    }

    // MARK: - Asking

    /// Asks for the status of all paths, then for content and digests of what is a regular file.
    func read(_ paths: [String], digests secrets: [String], from channel: AgentChannel) throws(NodeError) {
        let before = known.withLock { $0 }
        let all = Self.distinct(
            (paths + secrets).filter { !$0.utf8.contains(0x0a) && before[$0.bytes] == nil })
        guard !all.isEmpty else { return }
        let lines = try Self.statLines(of: all, from: channel)
        var found: [ByteText: Known] = [:]
        for (path, line) in lines {
            guard let line else {
                found[path] = Known()
                continue
            }
            if let status = FileStatus(aheadLine: line) { found[path] = Known(status: status) }
        }
        func isRegular(_ path: String) -> Bool {
            guard let status = found[path.bytes]?.status else { return false }
            // A file of the kernel's has no size, and is read alone.
            return status.kind == .regular && (1...Self.mostBytes).contains(status.size)
        }
        let wanted = Self.distinct(paths.filter(isRegular))
        let digested = Self.distinct(secrets.filter(isRegular))
        if let answer = try Self.contents(wanted, digested, lines, from: channel) {
            for (path, bytes) in zip(wanted, answer.contents) { found[path.bytes]?.content = bytes }
            for (path, sum) in zip(digested, answer.digests) { found[path.bytes]?.sha256 = sum }
        }
        known.withLock { known in known.merge(found) { $1 } }
    }

    private static func distinct(_ paths: [String]) -> [String] {
        var seen: Set<ByteText> = []
        return paths.filter { seen.insert($0.bytes).inserted }
    }

    /// The line of each path that something is known of; nil for one where nothing is there.
    private static func statLines(
        of paths: [String], from channel: AgentChannel
    ) throws(NodeError) -> [ByteText: String?] {
        statLines(of: paths, in: try channel.request(["stats", "\(paths.count)"] + paths))
    }

    static func statLines(of paths: [String], in reply: AgentChannel.Reply) -> [ByteText: String?] {
        let (output, errors): (String, String)
        switch reply {
        case .done: (output, errors) = (reply.text, "")
        case .failed(let text, let said): (output, errors) = (text, said)
        case .exited, .lockLost: return [:]
        }
        var lines: [ByteText: String?] = [:]
        for line in AgentChannel.Reply.lines(output) {
            let words = line.split(separator: " ", maxSplits: 8, omittingEmptySubsequences: false)
            guard words.count == 9 else { continue }
            lines[String(words[8]).bytes] = line
        }
        let missing = AgentChannel.Reply.lines(errors).filter(AgentChannel.isMissing)
        for path in paths where lines[path.bytes] == nil {
            if missing.contains(where: { $0.contains("'\(path)'") }) {
                lines.updateValue(nil, forKey: path.bytes)
            }
        }
        return lines
    }

    /// - Parameter lines: what each file's status was; where it is another one afterwards, the content is not used.
    /// - Returns: nil where a file changed meanwhile or cannot be read.
    private static func contents(
        _ paths: [String], _ secrets: [String], _ lines: [ByteText: String?], from channel: AgentChannel
    ) throws(NodeError) -> (contents: [[UInt8]], digests: [String])? {
        guard !(paths.isEmpty && secrets.isEmpty) else { return nil }
        let words = ["\(paths.count)"] + paths + secrets
        return contents(
            paths, secrets, lines, in: try channel.request(["contents", "\(words.count)"] + words))
    }

    static func contents(
        _ paths: [String], _ secrets: [String], _ lines: [ByteText: String?], in reply: AgentChannel.Reply
    ) -> (contents: [[UInt8]], digests: [String])? {
        guard case .done(let text) = reply else { return nil }
        let parts = text.withUnsafeBytes {
            $0.split(separator: 0x0a, omittingEmptySubsequences: false).map(Array.init)
        }
        guard parts.count >= 1 + paths.count + secrets.count else { return nil }
        var bytes = [UInt8](repeating: 0, count: parts[0].count)
        let count = parts[0].withUnsafeBytes { source in
            bytes.withUnsafeMutableBytes { Base64.decode(source, into: $0) }
        }
        var (contents, offset): ([[UInt8]], Int) = ([], 0)
        for (path, part) in zip(paths, parts.dropFirst()) {
            let line = String(decoding: part, as: UTF8.self)
            guard line.bytes == lines[path.bytes].flatMap({ $0 })?.bytes,
                let status = FileStatus(aheadLine: line),
                let count, status.size <= Int64(count - offset)
            else { return nil }
            contents.append(Array(bytes[offset..<(offset + Int(status.size))]))
            offset += Int(status.size)
        }
        guard offset == count else { return nil }
        var digests: [String] = []
        for (path, part) in zip(secrets, parts.dropFirst(1 + paths.count)) {
            let words = String(decoding: part, as: UTF8.self).split(separator: " ", maxSplits: 1)
            guard words.count == 2, words[0].utf8.count == 64,
                words[1].dropFirst().utf8.elementsEqual(path.utf8)
            else {
                return nil
            }
            digests.append(String(words[0]))
        }
        return (contents, digests)
    }
}

extension FileStatus {
    /// As `init(statLine:)`, with the time of the last change and the path behind it.
    fileprivate init?(aheadLine line: String) {
        self.init(statLine: line.split(separator: " ").prefix(7).joined(separator: " "))
    }
}
