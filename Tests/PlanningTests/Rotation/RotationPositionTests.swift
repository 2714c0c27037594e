// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Planning

/// At which stage a rotation goes on, by what each control plane holds.
@Suite struct RotationPositionTests {
    /// `o`: trusts the old CA, `n`: the new one, `b`: both; a capital letter has the new CA's proxy client.
    private static func nodes(_ letters: String) -> [RotationPosition.Node] {
        letters.enumerated().map { index, letter in
            let trust = letter.lowercased()
            return RotationPosition.Node(
                name: "cp\(index + 1)", trustsKept: trust == "n" || trust == "b",
                trustsRetired: trust == "o" || trust == "b", hasNewLeaf: letter.isUppercase)
        }
    }

    @Test(arguments: [
        ("ooo", RotationStage.trust), ("boo", .trust), ("bbo", .trust), ("bbb", .leaves), ("Bbb", .leaves),
        ("BBb", .leaves), ("BBB", .soak), ("NBB", .drop), ("NNB", .drop), ("NNN", .drop),
        // Back from a trust that was only begun.
        ("BOO", .trust), ("OOO", .trust),
        // One that was found later, or got its old files back: nobody else loses what it needs.
        ("NNo", .trust), ("NNb", .trust), ("nnn", .trust),
    ])
    func stage(letters: String, stage: RotationStage) throws {
        #expect(try RotationPosition.stage(Self.nodes(letters)) == stage)
    }

    /// A cross certificate that was made late reaches every node, as long as that is of use: `x` marks who lacks it.
    @Test(arguments: [
        ("BBB", "..x", RotationStage.leaves), ("BBB", "xxx", .leaves), ("BBB", "...", .soak),
        ("BBb", "xx.", .leaves), ("bbo", "xxx", .trust), ("NBB", ".x.", .drop), ("NNN", "xxx", .drop),
    ])
    func lackOfTheChain(letters: String, marks: String, stage: RotationStage) throws {
        var nodes = Self.nodes(letters)
        for (index, mark) in marks.enumerated() { nodes[index].lacksChain = mark == "x" }
        #expect(try RotationPosition.stage(nodes) == stage)
    }

    @Test func compromisedIsNeverTrustedAnew() {
        #expect(throws: Refusal.self) {
            try RotationPosition.stage(Self.nodes("NNo"), mayTrustRetired: false)
        }
    }

    @Test func noTrustAtAll() {
        let error = #expect(throws: Refusal.self) { try RotationPosition.stage(Self.nodes("b-b")) }
        #expect(error?.node == "cp2" && error?.code == "rotation/no-trust")
    }

    /// Whatever a rotation is cut off at, the stages that follow come to the end without taking trust too early.
    @Test func everyPositionComesToItsEnd() throws {
        for first in "obnOBN" {
            for second in "obnOBN" {
                var letters = [first, second]
                for _ in 0..<5 {
                    switch try RotationPosition.stage(Self.nodes(String(letters))) {
                    case .trust: letters = letters.map { $0.isUppercase ? "B" : "b" }
                    case .leaves: letters = letters.map { _ in "B" }
                    default:
                        #expect(!letters.contains { $0.isLowercase }, "\(first)\(second)")
                        letters = ["N", "N"]
                    }
                }
                #expect(letters == ["N", "N"], "\(first)\(second)")
            }
        }
    }
}
