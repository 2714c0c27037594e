// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Spec
import Values

@Suite struct LocatedJSONTests {
    static let accepted: [(text: String, value: LocatedJSON.Value)] = [
        (" null ", .null), ("true", .boolean(true)), ("\tfalse\r\n", .boolean(false)),
        ("0", .number("0")), ("-0", .number("-0")), ("1e400", .number("1e400")),
        ("-12.50E+07", .number("-12.50E+07")), ("123456789012345678901", .number("123456789012345678901")),
        (#""""#, .string("")), (#""é 上 😀""#, .string("é 上 😀")),
        (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{c}\n\r\t")),
        (#""\u0041\u00e9\u4e0A\ud83d\ude00\u0000.""#, .string("Aé上😀\0.")),
        (#""a\u007fb""#, .string("a\u{7f}b")),
        ("\"\u{7f}\u{2028}\u{ffff}\"", .string("\u{7f}\u{2028}\u{ffff}")),
        ("[]", .array([])), ("{ }", .object([])), ("[\n]", .array([])),
    ]

    @Test(arguments: accepted) func accepts(_ text: String, _ value: LocatedJSON.Value) throws {
        #expect(try LocatedJSON.parse(Array(text.utf8)).value == value)
    }

    /// `▸` is where the problem is said to be.
    static let rejected: [(text: String, words: String)] = [
        ("[1▸,]", "comma before"), (#"{"a":1▸,}"#, "comma before"),
        ("[▸,1]", "without a value"), (#"{▸,"a":1}"#, "without a member"), ("[1▸", "opened at 1:1"),
        (#"{"a":1 ▸"b":2}"#, "expected ','"), (#"{"a" ▸1}"#, "expected ':'"),
        (#"{"a":▸}"#, "expected a value"),
        ("{▸a:1}", "double quotes"), ("{▸'a':1}", "double quotes"), ("[▸'a']", "double quotes"),
        ("[▸NaN]", "not a JSON number"), ("[-▸Infinity]", "expected a digit"), ("[▸True]", "write true"),
        ("[▸None]", "write null"), ("[▸nul]", "not a JSON value"), ("[▸truefalse]", "not a JSON value"),
        ("[0▸1]", "leading zero"), ("[-0▸1]", "leading zero"), ("[▸+1]", "starts with a digit"),
        ("[▸.5]", "starts with a digit"), ("[5.▸]", "expected a digit"), ("[1e▸]", "expected a digit"),
        ("[0▸x10]", "in a number"), ("[8760▸h]", "in a number"), ("[1.2▸.3]", "in a number"),
        ("[-▸]", "digit"),
        ("[\n  1,\n  ▸// no\n  2]", "no comments"), ("[▸/* no */]", "no comments"),
        ("[▸# no\n]", "no comments"),
        ("[1] ▸[2]", "after the end"), ("[1]▸]", "after the end"), ("▸}", "expected a value"),
        ("[▸\"a\n\"]", "line ends"), ("[▸\"a", "not closed"), ("[\"a▸\tb\"]", "\\t"),
        ("[\"é▸\u{1}\"]", "U+0001"),
        (#"["▸\x"]"#, "after a backslash"), (#"["▸\u00g0"]"#, "four hex digits"),
        (#"["▸\"#, "after a backslash"),
        (#"["▸\ud800"]"#, "surrogate"), (#"["▸\udc00"]"#, "surrogate"), (#"["▸\ud800\u0041"]"#, "surrogate"),
        (#"["▸\ud8"#, "four hex digits"), ("[1▸\u{a0}]", "expected ','"), ("[\"上\"▸\"上\"]", "expected ','"),
    ]

    @Test(arguments: rejected) func rejects(_ text: String, _ words: String) {
        let marked = MarkedText(text)
        let problem = #expect(throws: SpecProblem.self) { try LocatedJSON.parse(marked.bytes) }
        #expect(problem?.location == marked.places.first)
        #expect(problem?.code == .syntax)
        let said = "\(problem?.message ?? "") \(problem?.hint ?? "")"
        #expect(said.contains(words))
    }

    static let malformed: [(bytes: [UInt8], code: SpecProblem.Code, line: Int, column: Int)] = [
        ([], .empty, 1, 1), (Array(" \r\n\t".utf8), .empty, 1, 1),
        ([0xef, 0xbb, 0xbf, 0x7b, 0x7d], .byteOrderMark, 1, 1), ([0xff, 0xfe, 0x7b, 0x00], .notUTF8, 1, 1),
        ([0x7b, 0x00, 0x7d, 0x00], .binary, 1, 2), (Array("\u{7f}ELF\u{2}\0".utf8), .binary, 1, 6),
        (Array("[\n\"é".utf8) + [0xc0, 0xaf], .notUTF8, 2, 3),
        ([0x22, 0xed, 0xa0, 0x80, 0x22], .notUTF8, 1, 2),
        ([0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], .notUTF8, 1, 2), ([0x22, 0xe2, 0x82], .notUTF8, 1, 2),
        ([0x22, 0x80, 0x22], .notUTF8, 1, 2), ([0x22, 0xe0, 0x80, 0x80, 0x22], .notUTF8, 1, 2),
        ([0x22, 0xf5, 0x80, 0x80, 0x80, 0x22], .notUTF8, 1, 2),
    ]

    @Test(arguments: malformed)
    func namesWhatIsNoText(_ bytes: [UInt8], _ code: SpecProblem.Code, _ line: Int, _ column: Int) {
        expect(bytes, code, line, column)
    }

    // Not arguments, which the log would show whole.
    @Test func namesWhatIsTooMuch() {
        expect(Array(repeating: 0x20, count: 1 << 20) + [0x31], .tooLarge, 1, 1)
        expect(Array(repeating: 0x5b, count: 100_000), .tooDeep, 1, 33)
    }

    private func expect(_ bytes: [UInt8], _ code: SpecProblem.Code, _ line: Int, _ column: Int) {
        let problem = #expect(throws: SpecProblem.self) { try LocatedJSON.parse(bytes) }
        #expect(problem?.code == code)
        #expect(problem?.location == SourceLocation(line: line, column: column))
    }

    @Test func depthIsLimited() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        _ = try LocatedJSON.parse(nested(32))
        #expect(throws: SpecProblem.self) { try LocatedJSON.parse(nested(33)) }
        let most = LocatedJSON.Limits(depth: .max)
        _ = try LocatedJSON.parse(nested(512), limits: most)
        #expect(throws: SpecProblem.self) { try LocatedJSON.parse(nested(513), limits: most) }
    }

    @Test func everythingIsLocated() throws {
        let text = "{\n\t\"上海\": [1, \"é\",\r\n  true],\n  \"上海\": {\"x\": null}\n}"
        let json = try LocatedJSON.parse(Array(text.utf8))
        guard case .object(let members) = json.value else {
            throw SpecProblem(at: .start, .syntax, "no object")
        }
        #expect(members.map(\.key) == ["上海", "上海"])
        #expect(members.map { "\($0.keyLocation) \($0.value.location)" } == ["2:2 2:8", "4:3 4:9"])
        guard case .array(let elements) = members[0].value.value else {
            throw SpecProblem(at: .start, .syntax, "no array")
        }
        #expect(elements.map { "\($0.location)" } == ["2:9", "2:12", "3:3"])
    }

    @Test func publicSuite() throws {
        guard let directory = optionalTestData("JSONTestSuite/test_parsing") else {
            print("no JSONTestSuite here: only the tables above were tested")
            return
        }
        var counts: [Character: Int] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory).sorted() {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)")))
            let accepted = (try? LocatedJSON.parse(bytes, limits: LocatedJSON.Limits(depth: 512))) != nil
            counts[name.first ?? "?", default: 0] += 1
            if name.hasPrefix("y_") { #expect(accepted, "\(name)") }
            if name.hasPrefix("n_") { #expect(!accepted, "\(name)") }
            // The contract's limits reject no more than they have to, and nothing crashes.
            #expect((try? LocatedJSON.parse(bytes)) == nil || accepted, "\(name)")
        }
        #expect(counts["y"] == 95)
        #expect(counts["n"] == 188)
        #expect(counts["i"] == 35)
    }
}
