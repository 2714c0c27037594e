// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Values

// How a transaction is written down: a line each, and `end`, without which it does not count.
extension NodeTransaction {
    private static let header = "aggbootstrap-transaction 1"

    var manifest: String {
        var lines = [Self.header, "started \(startedAt.seconds)", "serving \(wasServing ? "yes" : "no")"]
        if cause != .spec { lines.append("cause \(cause.rawValue)") }
        if isDone { lines.append("done yes") }
        lines += madeDirectories.map { "directory \($0)" }
        lines += baseDigests.sorted { $0.key < $1.key }.map { "base \($0.value) \($0.key)" }
        for entry in entries {
            if let before = entry.before {
                let mode = String(before.mode, radix: 8)
                lines.append(
                    "file \(before.copy) \(mode) \(before.owner.userID) \(before.owner.groupID) \(entry.path)"
                )
                if let digest = before.sha256 { lines.append("sha256 \(digest) \(before.copy)") }
            } else {
                lines.append("absent \(entry.path)")
            }
        }
        return lines.joined(separator: "\n") + "\nend\n"
    }

    static func parse(_ text: String, path: String, _ node: any NodeTransport) throws
        -> NodeTransaction
    {
        let lines = text.split(separator: "\n").map(String.init)
        guard lines.first == header, lines.last == "end" else { throw damaged(path) }
        var (started, serving, directories) = (Int64(0), false, [String]())
        var base: [String: String] = [:]
        var entries: [Entry] = []
        var (cause, isDone) = (ChangeCause.spec, false)
        let digests = digests(lines)
        for line in lines.dropFirst().dropLast() {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard words.count == 2 else { throw damaged(path) }
            switch words[0] {
            case "started": started = Int64(words[1]) ?? 0
            case "serving": serving = words[1] == "yes"
            case "done": isDone = words[1] == "yes"
            case "sha256": break
            case "cause":
                guard let known = ChangeCause(rawValue: words[1]) else { throw damaged(path) }
                cause = known
            case "directory": directories.append(words[1])
            case "absent": entries.append(Entry(path: words[1], before: nil))
            case "base":
                let parts = words[1].split(separator: " ", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { throw damaged(path) }
                base[parts[1]] = parts[0]
            case "file":
                let parts = words[1].split(separator: " ", maxSplits: 4).map(String.init)
                guard parts.count == 5, let mode = UInt32(parts[1], radix: 8), let user = UInt32(parts[2]),
                    let group = UInt32(parts[3])
                else { throw damaged(path) }
                let owner = FileOwner(userID: user, groupID: group)
                let before = Entry.Before(
                    mode: mode, owner: owner, copy: parts[0], sha256: digests[parts[0]])
                entries.append(Entry(path: parts[4], before: before))
            default: throw damaged(path)
            }
        }
        return NodeTransaction(
            cause: cause, isDone: isDone, startedAt: UnixTime(seconds: started), wasServing: serving,
            baseDigests: base,
            madeDirectories: directories,
            entries: entries, node: node)
    }

    /// By the name of the copy.
    private static func digests(_ lines: [String]) -> [String: String] {
        let words = lines.map { $0.split(separator: " ").map(String.init) }
        return Dictionary(words.filter { $0.count == 3 && $0[0] == "sha256" }.map { ($0[2], $0[1]) }) { $1 }
    }

    private static func damaged(_ path: String) -> BootstrapError {
        BootstrapError(
            "node/transaction-damaged", "cannot read \(path), the record of an interrupted change",
            hint: "look at the copies beside it, restore what is needed, then remove that directory")
    }
}
