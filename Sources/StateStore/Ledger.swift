// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import NodeAccess
import Spec
import Values

/// The state directory's record of what was done: one JSON object a line, only ever appended to.
package struct Ledger: Sendable {
    let state: StateDirectory

    package var path: String { "\(state.path)/ledger.jsonl" }

    package init(state: StateDirectory) { self.state = state }

    /// Something that was done; `fields` in the order in which they are written, after `time` and `event`, before `by`.
    struct Entry {
        let event: String
        let fields: [(String, String)]
    }

    /// Tells the entries of this process from those of others.
    private static let run = String(UInt32.random(in: .min ... .max), radix: 16)

    /// Appends one entry and makes it durable.
    package func append(_ event: String, _ fields: [(String, String)], now: UnixTime) throws {
        try append([Entry(event: event, fields: fields)], now: now)
    }

    /// Appends entries in one write, and makes them durable.
    func append(_ entries: [Entry], now: UnixTime) throws {
        guard !entries.isEmpty else { return }
        let by = LocalHost.operatorName
        let lines = entries.map { entry in
            let members =
                [("time", now.description), ("event", entry.event)] + entry.fields
                + [("by", by), ("run", Self.run)]
            return "{"
                + members.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }.joined(separator: ",") + "}\n"
        }
        try LineAppender.append(lines.joined(), to: path, owner: state.fileOwner()) {
            Self.fields($0)?["event"] != nil
        }
    }

    /// Hands over all entries, each as its members that are strings, one at a time: the ledger only ever grows.
    ///
    /// What a killed run can leave is a last line without its end, whose change was not begun: it is no entry. Any
    /// other line that cannot be read could be the one that matters.
    /// - Throws: `state/damaged`, with the line's number.
    func forEachEntry(_ body: ([String: String]) throws -> Void) throws {
        var number = 0
        try FileReader.forEachLine(of: path) { line, isEnded in
            number += 1
            if line.isEmpty { return }
            guard let fields = Self.fields(line), let event = fields["event"] else {
                if !isEnded { return }
                throw state.damaged(path, "line \(number) is not an entry")
            }
            if let problem = Self.problem(event, fields) {
                throw state.damaged(path, "line \(number) of it, \(event), \(problem)")
            }
            try body(fields)
        }
    }

    /// The newest entries, oldest of them first.
    /// - Throws: `state/damaged` where the ledger cannot be read.
    package func newest(_ count: Int) throws -> [LedgerEntry] {
        var last: [LedgerEntry] = []
        try forEachEntry { fields in
            guard let entry = LedgerEntry(fields) else { return }
            last.append(entry)
            // In blocks: to remove one each time would move all the others.
            if last.count >= 2 * count + 64 { last.removeFirst(last.count - count) }
        }
        return last.suffix(count)
    }

    /// The certificates that were issued.
    struct IssuedLeaves {
        /// Fingerprints by owner, each with its place in the ledger.
        var places: [String: [String: Int]] = [:]
        /// By owner and CA generation, the fingerprint of the newest; entries of earlier versions do not name the generation.
        var newest: [String: [String: String]] = [:]
        /// Fingerprints of those that others had issued, from a CA that was taken over.
        var adopted: Set<String> = []
        /// Whether each entry has its certificate's fingerprint.
        var areAllNamed = true
    }

    /// - Throws: `state/damaged` where the ledger cannot be read.
    func issuedLeaves() throws -> IssuedLeaves {
        var issued = IssuedLeaves()
        var count = 0
        try forEachEntry { entry in
            if entry["event"] == "adopted-leaf", let sha256 = entry["sha256"] {
                issued.adopted.insert(sha256)
            }
            guard entry["event"] == "issued-leaf" else { return }
            count += 1
            guard let owner = entry["owner"], let sha256 = entry["sha256"] else {
                issued.areAllNamed = false
                return
            }
            issued.places[owner, default: [:]][sha256] = count
            if let generation = entry["generation"] {
                issued.newest[owner, default: [:]][generation] = sha256
            }
        }
        return issued
    }

    /// The members of a line that are strings; nil for anything but an object.
    private static func fields(_ line: [UInt8]) -> [String: String]? {
        guard let json = try? LocatedJSON.parse(line), case .object(let members) = json.value else {
            return nil
        }
        var fields: [String: String] = [:]
        for member in members {
            if case .string(let text) = member.value.value { fields[member.key] = text }
        }
        return fields
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += "\\\(scalar)"
            case "\u{0}"..."\u{1f}":
                let hex = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
