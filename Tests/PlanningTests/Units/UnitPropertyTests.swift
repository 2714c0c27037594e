// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import SystemdUnits
@testable import Values

/// What must hold for any unit and any arguments; each seed is a run of its own that can be repeated.
@Suite struct UnitPropertyTests {
    private static let letters: [String] =
        "abAB019-_=/.,:;#'\"\\$%{}[]()&|<>*?!@+~^` ".map(String.init) + [
            "é", "漢", "e\u{301}", "😀", "\u{a0}", "%i", "$A", "${A}", "\\x41",
        ]

    /// Arguments come back from systemd's reading of what we quote.
    @Test(arguments: [11, 12])
    func anyArgumentsSurviveQuoting(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var wanted: [String: [String]] = [:]
        var files: [String: [UInt8]] = [:]
        for index in 0..<800 {
            let arguments = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                (0..<Int.random(in: 0...9, using: &random)).map { _ in
                    Self.letters.randomElement(using: &random) ?? ""
                }.joined()
            }
            guard EffectiveFlags.parse(arguments: arguments).terminator == nil else { continue }
            let unit = try RenderedUnit.service(
                unit: UnitFixtures.unit, executable: "/bin/echo", arguments: arguments,
                flags: UnitFixtures.flags)
            wanted["case\(index).service"] = ["/bin/echo"] + arguments + UnitFixtures.flags.arguments
            // systemd is slow in printing thousands of units: it is asked about some.
            if index % 10 == 0 { files["case\(index).service"] = Array(unit.text.utf8) }
        }
        #expect(wanted.count > 750)
        guard SystemdOracle.isThere else { return }
        for (name, unit) in try SystemdOracle.load(files) where files[name] != nil {
            let argv = unit.commands.first?.map { CommandExpansion.embedding(in: $0) { _ in "?" } }
            #expect(unit.loadState == "loaded" && argv?.description == wanted[name]?.description)
        }
    }

    private static let tokens =
        [
            " ", " ", " ", " \\\n  ", " \\\n  ", " \\\n\t# c\n  ", " \\\n;c \\\n", " \\\r\n  ", "\t",
            " \\\n \\\n ", "--x", "=1",
            "\"a b\"", "'c'", "\\x41", "\\q", "%%", "%n", "$A", " $A ", "${B}", "\\\\", "é", " # ", " [ ",
            "\"d \\\n # e\n f\"", "\\; ",
        ] + old.flatMap { [" \($0)", " \($0)", " \\\n    \($0) \\\n "] }
    private static let old = [
        "--requestheader-allowed-names=x", "--requestheader_allowed_names", "--proxy-client-cert-file ${B}",
        "\"--proxy-client-key-file=/o k\"", "--enable-aggregator-routing", "--requestheader-uid-headers=U",
        "--requestheader-group-headers $ONE", "--enable-aggregator_routing=false",
        "--proxy-client-key-file $A",
    ]

    /// A merge is refused for a reason, or changes the flags and nothing else, as systemd sees it.
    @Test(arguments: [21, 22, 23])
    func anyUnitIsMergedOrRefused(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var files: [String: [UInt8]] = [:]
        var (merged, replaced) = (0, 0)
        for index in 0..<800 {
            var command = ["", "-", ":", "@"].randomElement(using: &random) ?? ""
            command += "/bin/echo zero"
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                command += Self.tokens.randomElement(using: &random) ?? ""
            }
            let end =
                ["\n", "\r\n", "", " \\\n", " \\\n# end\n", " \\\n# end\n\nUser=x\n"].randomElement(
                    using: &random) ?? ""
            let text = "[Service]\nEnvironment=\"A=--a --b\" B=/b ONE=1\nExecStart=\(command)\(end)"
            guard let result = try Self.merge(text) else { continue }
            merged += 1
            if !result.removed.isEmpty { replaced += 1 }
            guard index % 5 == 0 else { continue }
            files["base\(index).service"] = Array(text.utf8)
            files["with\(index).service"] = Array(text.utf8)
            files["with\(index).service.d/zz-aggregation.conf"] = Array(result.text.utf8)
        }
        #expect(merged > 200 && replaced > 80)
        guard SystemdOracle.isThere else { return }
        let units = try SystemdOracle.load(files)
        for name in files.keys where name.hasPrefix("base") {
            let base = try #require(units[name]?.commands.first)
            let with = try #require(units["with" + name.dropFirst(4)])
            let old = CommandComparison.aggregationArguments(base)
            var kept = base.indices.filter { !old.contains($0) }.map { base[$0] }
            // %n is the one difference between the two units.
            kept = kept.map {
                $0.split(separator: "base", omittingEmptySubsequences: false).joined(separator: "with")
            }
            let argv = with.commands.first?.dropLast(UnitFixtures.flags.arguments.count)
            #expect(
                with.commands.count == 1 && argv.map(Array.init) == kept,
                "\(String(decoding: files[name] ?? [], as: UTF8.self).debugDescription)")
            #expect(
                with.commands.first?.suffix(UnitFixtures.flags.arguments.count)
                    == UnitFixtures.flags.arguments[...])
        }
    }

    /// The drop-in, nil for a refusal; that the text does not read back is never one.
    private static func merge(_ text: String) throws -> RenderedUnit? {
        do throws(UnitError) {
            let result = try UnitFixtures.merge([UnitFixtures.fragment(text)])
            let after = [UnitFixtures.fragment(text), UnitFixtures.dropIn("zy.conf", result.text)]
            let again = try UnitFixtures.merge(after)
            let command = [result, again].map { $0.text.split(separator: "[Service]", maxSplits: 1).last }
            #expect(
                command[0]?.utf8.elementsEqual((command[1] ?? "").utf8) == true, "\(text.debugDescription)")
            return result
        } catch {
            #expect(error.code != .inconsistent, "\(text.debugDescription)")
            return nil
        }
    }
}
