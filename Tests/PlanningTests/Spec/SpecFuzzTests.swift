// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Spec
@testable import Values

/// Thousands of damaged specs: a value or problems inside the file, never a trap.
@Suite struct SpecFuzzTests {
    private static let pieces = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "\\ude00", "null", "true", "-", "0",
        "1e9",
        "99999999999999999999", "\u{feff}", "上", "e\u{301}", "\r", "\n", "\0", "..", "/", "%", "$", "::",
        "1.2.3.4",
        "y", "--requestheader-x", "@", ".service", "//", "NaN", "\u{2028}", "\u{10ffff}",
    ].map { Array($0.utf8) }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let count = bytes.count
        let at = Int.random(in: 0...count, using: &random)
        let end = min(count, at + Int.random(in: 0...40, using: &random))
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes.replaceSubrange(at..<end, with: [])
        case 1: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: at)
        case 2: bytes.replaceSubrange(at..<end, with: pieces.randomElement(using: &random) ?? [])
        case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
        case 4: if at < count { bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
        case 5: bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...count, using: &random))
        default: bytes.removeSubrange(at...)
        }
    }

    /// Replaces what stands between two quotes, or a whole value, so that the text mostly stays JSON.
    private static func replaceToken(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let quotes = bytes.indices.filter { bytes[$0] == 0x22 }
        guard quotes.count > 1 else { return }
        let index = Int.random(in: 0..<(quotes.count / 2), using: &random) * 2
        let (open, close) = (quotes[index], quotes[index + 1])
        let piece = pieces.randomElement(using: &random) ?? []
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            bytes.replaceSubrange(
                (open + 1)..<close, with: piece.filter { $0 >= 0x20 && $0 != 0x22 && $0 != 0x5c })
        case 1: bytes.insert(contentsOf: piece.filter { $0 >= 0x2d && $0 != 0x5c }, at: close)
        case 2: bytes.remove(at: open + 1 < close ? open + 1 : open)
        default: bytes.replaceSubrange(open...close, with: values.randomElement(using: &random) ?? [])
        }
    }

    private static let values = [
        "null", "true", "{}", "[]", "-1", "1e999", "[[]]", "\"1.36\"", "\"client auth\"", "[\"aggregator\"]",
        "{\"name\": \"a\"}", "\"0\\u00e9\\ud83d\\ude00\"", "\"\\u0000\"", "\"4096y\"",
    ].map { Array($0.utf8) }

    @Test func damagedSpecs() {
        var random = SeededGenerator(seed: 2026)
        let seeds = [tutorialSpec, spec(), spec(#""apiServer": {"flags": ["--a=\u0041"]},"#)].map {
            Array($0.utf8)
        }
        var (sound, syntax, other) = (0, 0, 0)
        for round in 0..<6000 {
            var bytes = seeds[round / 2 % seeds.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                if round % 2 == 0 { Self.replaceToken(&bytes, &random) } else { Self.mutate(&bytes, &random) }
            }
            guard let found = problems(in: bytes) else {
                sound += 1
                continue
            }
            let isSyntax = found.problems[0].code.rawValue.hasPrefix("json/")
            if isSyntax { syntax += 1 } else { other += 1 }
            #expect(!isSyntax || found.problems.count == 1)
            check(found, bytes)
        }
        print("damaged specs: \(sound) still sound, \(syntax) no JSON, \(other) refused")
        #expect(sound > 50 && syntax > 1000 && other > 1000)
    }

    @Test func noise() {
        var random = SeededGenerator(seed: 8259)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...30, using: &random)).flatMap { _ in
                Bool.random(using: &random)
                    ? [UInt8.random(in: 0...255, using: &random)]
                    : Self.pieces.randomElement(using: &random) ?? []
            }
            if let found = problems(in: bytes) { check(found, bytes) }
        }
    }

    /// Every problem lies within the text and is shown without control characters.
    private func check(_ found: SpecProblems, _ bytes: [UInt8]) {
        let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        for problem in found.problems {
            let (line, column) = (problem.location.line, problem.location.column)
            guard (1...lines.count).contains(line) else {
                Issue.record("\(problem) lies outside \(bytes)")
                continue
            }
            #expect((1...(lines[line - 1].count + 1)).contains(column), "\(problem) in \(bytes)")
        }
        let rendered = found.render()
        #expect(!rendered.unicodeScalars.contains { SpecText.isUnprintable($0) && $0 != "\n" }, "\(bytes)")
        #expect(rendered.utf8.count <= 800 * found.problems.count, "\(bytes)")
    }
}
