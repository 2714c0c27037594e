// SPDX-License-Identifier: Apache-2.0

import ClusterPlan
import Glibc
import NodeAccess

/// The state directory's record of what was done: one JSON object a line, only ever appended to.
package struct Ledger: Sendable {
    package let path: String

    package init(state: StateDirectory) { path = "\(state.path)/ledger.jsonl" }

    /// Appends one entry and makes it durable.
    /// - Parameter fields: in the order in which they are written, after `time` and `event`.
    package func append(_ event: String, _ fields: [(String, String)], now: UnixTime) throws {
        let members = [("time", now.description), ("event", event)] + fields
        let text = members.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }.joined(separator: ",")
        try LineAppender.append("{\(text)}\n", to: path)
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
