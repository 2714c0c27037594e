// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// The JSON parser, the spec's table and its rules.
///
/// A problem lies within the text. A document that is read and written again is the same document, and the same spec.
enum SpecTarget {
    static func run(_ bytes: [UInt8]) {
        let json: LocatedJSON
        do throws(SpecProblem) {
            json = try LocatedJSON.parse(bytes, limits: .answers)
        } catch {
            checkPlace(error, bytes)
            checkRefusal(bytes)
            return
        }
        LocationCheck(bytes).check(json)
        let again = parsed(written(json).document)
        require(hasSameContent(again, json), "a document that is written again is another one")
        let safe = parsed(SafeText.json(written(json).document))
        require(hasSameContent(safe, json), "escaping a document for a terminal changes it")
        do throws(SpecProblems) {
            let spec = try ClusterSpec.parse(bytes, fileName: "spec.json")
            let other = try ClusterSpec.parse(Array(written(json).document.utf8), fileName: "spec.json")
            require(spec == other, "a spec that is written again is another one")
        } catch {
            check(error, bytes)
        }
    }

    private static func checkRefusal(_ bytes: [UInt8]) {
        do throws(SpecProblems) {
            _ = try ClusterSpec.parse(bytes, fileName: "spec.json")
            fatalError("PROPERTY: a spec that is no JSON is taken")
        } catch {
            check(error, bytes)
        }
    }

    /// Every problem lies within the text, and is shown without control characters.
    static func check(_ found: SpecProblems, _ bytes: [UInt8]) {
        require(!found.problems.isEmpty, "a refusal without a problem")
        for problem in found.problems { checkPlace(problem, bytes) }
        let shown = found.render()
        require(isPrintable(shown), "a problem is shown with control characters")
        require(shown.utf8.count <= 4000 * found.problems.count, "a problem is shown at length")
    }

    private static func checkPlace(_ problem: SpecProblem, _ bytes: [UInt8]) {
        let (line, column) = (problem.location.line, problem.location.column)
        let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        require((1...lines.count).contains(line), "line \(line) is outside of the text: \(problem)")
        let isText = String(validating: bytes, as: UTF8.self) != nil
        let columns = isText ? text(lines[line - 1]).unicodeScalars.count : lines[line - 1].count
        require((1...(columns + 1)).contains(column), "column \(column) is outside of its line: \(problem)")
    }

    static func isPrintable(_ text: String) -> Bool {
        !text.unicodeScalars.contains { SpecText.isUnprintable($0) && $0 != "\n" }
    }

    private static func parsed(_ text: String) -> LocatedJSON {
        do { return try LocatedJSON.parse(Array(text.utf8), limits: .init(bytes: .max, depth: 512)) } catch {
            fatalError("PROPERTY: what was written cannot be read: \(error)")
        }
    }

    private static func written(_ json: LocatedJSON) -> OrderedJSON {
        switch json.value {
        case .null: .verbatim("null")
        case .boolean(let flag): .boolean(flag)
        case .number(let digits): .verbatim(digits)
        case .string(let text): .text(text)
        case .array(let elements): .list(elements.map(written))
        case .object(let members): .object(members.map { .init($0.key, written($0.value)) })
        }
    }

    private static func hasSameContent(_ a: LocatedJSON, _ b: LocatedJSON) -> Bool {
        switch (a.value, b.value) {
        case (.null, .null): true
        case (.boolean(let a), .boolean(let b)): a == b
        case (.number(let a), .number(let b)), (.string(let a), .string(let b)): isSame(a, b)
        case (.array(let a), .array(let b)): a.elementsEqual(b, by: hasSameContent)
        case (.object(let a), .object(let b)):
            a.elementsEqual(b) { isSame($0.key, $1.key) && hasSameContent($0.value, $1.value) }
        default: false
        }
    }
}

/// Whether each value and each key begins where it says.
private struct LocationCheck {
    private let bytes: [UInt8]
    private var starts = [0]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        for (index, byte) in bytes.enumerated() where byte == 0x0a { starts.append(index + 1) }
    }

    private func byte(at location: SourceLocation) -> UInt8? {
        guard starts.indices.contains(location.line - 1) else { return nil }
        var (offset, column) = (starts[location.line - 1], 1)
        while column < location.column, offset < bytes.count {
            offset += 1
            while offset < bytes.count, bytes[offset] & 0xc0 == 0x80 { offset += 1 }
            column += 1
        }
        return offset < bytes.count ? bytes[offset] : nil
    }

    func check(_ json: LocatedJSON) {
        let first = byte(at: json.location)
        let isRight =
            switch json.value {
            case .null: first == UInt8(ascii: "n")
            case .boolean(let flag): first == (flag ? UInt8(ascii: "t") : UInt8(ascii: "f"))
            case .number(let digits): first == digits.utf8.first
            case .string: first == UInt8(ascii: "\"")
            case .array: first == UInt8(ascii: "[")
            case .object: first == UInt8(ascii: "{")
            }
        require(isRight, "\(json.kind) is not at \(json.location)")
        if case .array(let elements) = json.value { for element in elements { check(element) } }
        if case .object(let members) = json.value {
            for member in members {
                require(byte(at: member.keyLocation) == 0x22, "no key is at \(member.keyLocation)")
                check(member.value)
            }
        }
    }
}
