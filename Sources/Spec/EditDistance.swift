// SPDX-License-Identifier: Apache-2.0

/// How many insertions, deletions, replacements and swaps of neighbours turn one text into another.
package enum EditDistance {
    /// The distance with each pair of letters swapped at most once, letter case ignored.
    package static func between(_ a: String, _ b: String) -> Int {
        let (a, b) = (folded(a), folded(b))
        var (beforeLast, last) = ([Int](), Array(0...b.count))
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    best = min(best, beforeLast[j - 1] + 1)
                }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }

    /// The candidate that `text` was probably meant to be: the nearest one where it differs in a third of its
    /// letters at most (the first of equally near ones), else nil.
    package static func nearest(to text: String, among candidates: [String]) -> String? {
        // Nothing in the spec has a name this long; a huge key is not worth the quadratic work.
        guard text.utf8.count <= 64 else { return nil }
        var best: (name: String, distance: Int)?
        for name in candidates {
            let distance = between(text, name)
            guard distance <= max(1, name.utf8.count / 3), distance < name.utf8.count else { continue }
            if distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    private static func folded(_ text: String) -> [UInt8] {
        text.utf8.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
    }
}
