// SPDX-License-Identifier: Apache-2.0

import Values

/// The difference of two texts in the unified format of diff(1).
package enum UnifiedDiff {
    /// Lines of the hunks, without a header; empty where the texts are equal.
    /// - Parameter context: unchanged lines shown around a change.
    package static func lines(from old: [String], to new: [String], context: Int = 3) -> [String] {
        let edits = edits(from: old, to: new)
        var output: [String] = []
        var (index, start) = (0, Position())
        while let first = edits[index...].firstIndex(where: { $0.mark != " " }) {
            var last = first
            while let next = edits[(last + 1)...].firstIndex(where: { $0.mark != " " }),
                next - last <= 2 * context + 1
            { last = next }
            let hunk = edits[max(index, first - context)...min(edits.count - 1, last + context)]
            start.pass(edits[index..<hunk.startIndex])
            var end = start
            end.pass(hunk)
            output.append(header(from: start, to: end))
            output += hunk.map { "\($0.mark)\($0.text)" }
            (index, start) = (hunk.endIndex, end)
        }
        return output
    }

    private struct Edit {
        let mark: Character
        let text: String
    }

    private static func edits(from old: [String], to new: [String]) -> [Edit] {
        let changes = SequenceChanges(from: old.count, to: new.count) {
            old[$0].utf8.elementsEqual(new[$1].utf8)
        }
        var result: [Edit] = []
        var (i, j) = (0, 0)
        while i < old.count || j < new.count {
            if i < old.count, changes.removed.contains(i) {
                result.append(Edit(mark: "-", text: old[i]))
                i += 1
            } else if j < new.count, changes.inserted.contains(j) {
                result.append(Edit(mark: "+", text: new[j]))
                j += 1
            } else {
                result.append(Edit(mark: " ", text: new[j]))
                i += 1
                j += 1
            }
        }
        return result
    }

    /// How many lines of each text come before.
    private struct Position {
        var (old, new) = (0, 0)

        mutating func pass(_ edits: ArraySlice<Edit>) {
            old += edits.count { $0.mark != "+" }
            new += edits.count { $0.mark != "-" }
        }
    }

    private static func header(from start: Position, to end: Position) -> String {
        func range(_ start: Int, _ end: Int) -> String {
            let count = end - start
            return count == 1 ? "\(start + 1)" : "\(count == 0 ? start : start + 1),\(count)"
        }
        return "@@ -\(range(start.old, end.old)) +\(range(start.new, end.new)) @@"
    }
}
