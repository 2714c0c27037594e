// SPDX-License-Identifier: Apache-2.0

import ClusterPlan
import Glibc
import NodeAccess

/// The state directory's record of what was done: one JSON object a line, only ever appended to.
package struct Ledger: Sendable {
    private let state: StateDirectory

    package var path: String { "\(state.path)/ledger.jsonl" }

    package init(state: StateDirectory) { self.state = state }

    /// Appends one entry and makes it durable.
    /// - Parameter fields: in the order in which they are written, after `time` and `event`.
    package func append(_ event: String, _ fields: [(String, String)], now: UnixTime) throws {
        let members = [("time", now.description), ("event", event)] + fields
        let text = members.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }.joined(separator: ",")
        try LineAppender.append("{\(text)}\n", to: path) { Self.fields($0)?["event"] != nil }
    }

    /// All entries, each as its members that are strings.
    ///
    /// What a killed run can leave is a last line without its end, whose change was not begun: it is no entry. Any
    /// other line that cannot be read could be the one that matters.
    /// - Throws: `state/damaged`, with the line's number.
    func entries() throws -> [[String: String]] {
        guard let bytes = try FileReader.read(path, limit: 64 << 20) else { return [] }
        let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        var entries: [[String: String]] = []
        for (index, line) in lines.enumerated() where !line.isEmpty {
            guard let fields = Self.fields(Array(line)), let event = fields["event"] else {
                if index == lines.count - 1 { break }
                throw state.damaged(path, "line \(index + 1) of it is no entry")
            }
            if let problem = Self.problem(event, fields) {
                throw state.damaged(path, "line \(index + 1) of it, \(event), \(problem)")
            }
            entries.append(fields)
        }
        return entries
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
