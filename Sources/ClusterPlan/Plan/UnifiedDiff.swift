// SPDX-License-Identifier: Apache-2.0

/// The difference of two texts in the unified format of diff(1).
package enum UnifiedDiff {
    /// Lines of the hunks, without a header; empty where the texts are equal.
    /// - Parameter context: unchanged lines shown around a change.
    package static func lines(from old: [String], to new: [String], context: Int = 3) -> [String] {
        let edits = edits(from: old, to: new)
        var output: [String] = []
        var index = 0
        while let first = edits[index...].firstIndex(where: { $0.mark != " " }) {
            var last = first
            while let next = edits[(last + 1)...].firstIndex(where: { $0.mark != " " }),
                next - last <= 2 * context + 1
            { last = next }
            let hunk = edits[max(index, first - context)...min(edits.count - 1, last + context)]
            output.append(header(hunk, edits))
            output += hunk.map { "\($0.mark)\($0.text)" }
            index = hunk.endIndex
        }
        return output
    }

    private struct Edit {
        let mark: Character
        let text: String
    }

    private static func edits(from old: [String], to new: [String]) -> [Edit] {
        // By bytes: a text in another Unicode form is another text.
        let difference = new.bytes.difference(from: old.bytes)
        var removed = Set<Int>()
        var inserted = Set<Int>()
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var result: [Edit] = []
        var (i, j) = (0, 0)
        while i < old.count || j < new.count {
            if i < old.count, removed.contains(i) {
                result.append(Edit(mark: "-", text: old[i]))
                i += 1
            } else if j < new.count, inserted.contains(j) {
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

    private static func header(_ hunk: ArraySlice<Edit>, _ all: [Edit]) -> String {
        func range(without mark: Character) -> String {
            let before = all[..<hunk.startIndex].count { $0.mark != mark }
            let count = hunk.count { $0.mark != mark }
            let start = count == 0 ? before : before + 1
            return count == 1 ? "\(start)" : "\(start),\(count)"
        }
        return "@@ -\(range(without: "+")) +\(range(without: "-")) @@"
    }
}
