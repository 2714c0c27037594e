// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Planning
@testable import SystemdUnits
@testable import Values

/// Large inputs: what grows with their square would not end here within the life of a test.
@Suite struct GrowthTests {
    /// The longest line that systemd reads.
    @Test func anArgumentOfAMebibyte() throws {
        let text = String(repeating: "a%%b%i", count: 170_000)
        let pattern = ArgumentPattern(expanding: text)
        #expect(pattern.pieces.count == 340_000)
        #expect(pattern.pieces.first == .text("a%b") && pattern.pieces.last == .specifier("i"))
        let plain = String(repeating: "x", count: 1_000_000)
        #expect(ArgumentPattern(expanding: plain).text == plain)
    }

    /// All new, all gone, and one line changed among very many.
    @Test func aDifferenceOfManyLines() {
        let many = (0..<30_000).map { "--feature-\($0)=x \\" }
        #expect(UnifiedDiff.lines(from: [], to: many) == ["@@ -0,0 +1,30000 @@"] + many.map { "+\($0)" })
        #expect(UnifiedDiff.lines(from: many, to: []).count == 30_001)
        var other = many
        other[20_000] = "--other"
        #expect(
            UnifiedDiff.lines(from: many, to: other, context: 1) == [
                "@@ -20000,3 +20000,3 @@", " \(many[19_999])", "-\(many[20_000])", "+--other",
                " \(many[20_001])",
            ])
        let others = many.map { "\($0)y" }
        #expect(UnifiedDiff.lines(from: many, to: others).count == 60_001)
    }

    /// A command line is read once, however many words it has.
    @Test func aCommandOfManyFlags() throws {
        let flags = (0..<20_000).map { "--feature-\($0)=x" }
        let base = UnitText(
            path: UnitFixtures.path,
            text: "[Service]\nExecStart=/usr/bin/kube-apiserver \(flags.joined(separator: " \\\n  "))\n")
        let unit = try UnitFixtures.merge([base])
        #expect(unit.text.contains("--feature-19999=x"))
    }

    /// What is compared each with each is bounded, however the two differ.
    @Test(arguments: [100, 1000, 2000, 40_000]) func comparisons(count: Int) {
        var compared = 0
        let changes = SequenceChanges(from: count, to: count) { _, _ in
            compared += 1
            return false
        }
        #expect(changes.removed.count == count && changes.inserted.count == count)
        #expect(compared <= SequenceChanges.longest * SequenceChanges.longest + 2)
        compared = 0
        // One in the middle is gone.
        let one = SequenceChanges(from: count, to: count - 1) { old, new in
            compared += 1
            return old == new + (new >= count / 2 ? 1 : 0)
        }
        #expect(one.removed == [count / 2] && one.inserted == [] && compared <= count + 1)
    }

    /// Hunks far from each other have the numbers that diff(1) gives them.
    @Test func manyHunks() {
        let old = (0..<900).map(String.init)
        let new = old.flatMap { $0.hasSuffix("00") ? [$0, "new"] : [$0] }
        let hunks = UnifiedDiff.lines(from: old, to: new, context: 0).filter { $0.hasPrefix("@@") }
        #expect(hunks.count == 8 && hunks.first == "@@ -101,0 +102 @@" && hunks.last == "@@ -801,0 +809 @@")
    }
}
