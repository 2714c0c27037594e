// SPDX-License-Identifier: Apache-2.0

/// What goes from one sequence and what comes with another.
///
/// As few elements as possible, at a cost that is bounded by the sequences' lengths: what they share at both ends is no
/// change, and where more than `longest` elements are left in between, all of them are one.
package struct SequenceChanges {
    /// Indices in the old sequence.
    package private(set) var removed: Set<Int> = []
    /// Indices in the new one.
    package private(set) var inserted: Set<Int> = []

    /// How many elements of both sequences together are compared each with each.
    static let longest = 2000

    private enum Side {
        case old(Int)
        case new(Int)
    }

    /// - Parameter isSame: whether an element of the old sequence is one of the new, by their indices.
    package init(from oldCount: Int, to newCount: Int, isSame: (Int, Int) -> Bool) {
        var (start, end, newEnd) = (0, oldCount, newCount)
        while start < end, start < newEnd, isSame(start, start) { start += 1 }
        while end > start, newEnd > start, isSame(end - 1, newEnd - 1) {
            (end, newEnd) = (end - 1, newEnd - 1)
        }
        let (old, new) = (start..<end, start..<newEnd)
        guard !old.isEmpty, !new.isEmpty, old.count + new.count <= Self.longest else {
            (removed, inserted) = (Set(old), Set(new))
            return
        }
        let changes = new.map(Side.new).difference(from: old.map(Side.old)) { a, b in
            switch (a, b) {
            case (.old(let i), .new(let j)), (.new(let j), .old(let i)): isSame(i, j)
            case (.old(let i), .old(let j)), (.new(let i), .new(let j)): i == j
            }
        }
        for change in changes {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset + start)
            case .insert(let offset, _, _): inserted.insert(offset + start)
            }
        }
    }
}
