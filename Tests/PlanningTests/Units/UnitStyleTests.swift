// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Planning
@testable import Spec
@testable import SystemdUnits

/// What becomes of units and environment files as people have them: the flags once and everything else as it was, or the
/// right refusal. docs/reference/unit-styles.md is written from it.
@Suite struct UnitStyleTests {
    @Test func thereAreEnoughOfThem() { #expect(UnitStyle.all.count >= 40) }

    @Test(arguments: UnitStyle.all, UnitStyle.Knowledge.allCases)
    func whatIsKeptIsKeptAndOursIsThereOnce(style: UnitStyle, knowledge: UnitStyle.Knowledge) throws {
        let world = try style.world(knowledge)
        let plan = world.plan
        guard plan.refusals.isEmpty else { return }
        let before = try UnitStyle.command(world, [])
        let after = try UnitStyle.command(world, plan.nodes[0].files)
        #expect(Self.others(after) == Self.others(before))
        let own = CommandComparison.aggregationArguments(after).sorted().map { after[$0] }
        // Each in the place of the one that it replaces, where each has a variable of its own.
        #expect(own.sorted() == APIServerFlags(spec: world.spec).arguments.sorted(), "\(after)")
        // What kube-apiserver makes of its other flags stays too: none of ours is taken for a value.
        #expect(Self.values(after) == Self.values(before))
    }

    /// What is refused offline for the want of a file is merged, or refused for another reason, once the file is given.
    @Test(arguments: UnitStyle.all) func aHintAboutAFileCanBeFollowed(style: UnitStyle) throws {
        let refusals = try style.world(.unitAlone).plan.refusals.filter { $0.code == "plan/unseen-variable" }
        guard !refusals.isEmpty, !style.environmentFiles.isEmpty else { return }
        for refusal in refusals { #expect(refusal.hint.contains("--base-file /"), "\(refusal)") }
        let codes = try style.world(.withItsFiles).codes
        #expect(!codes.contains("plan/unseen-variable"), "\(codes)")
    }

    /// systemd itself has the same arguments in the same order before and after, and ours.
    @Test func systemdReadsThemAsWeDo() throws {
        guard SystemdOracle.isThere else { return }
        var files: [String: [UInt8]] = [:]
        var merged: [Int: PlanWorld] = [:]
        for (index, style) in UnitStyle.all.enumerated() {
            let world = try style.world(.withItsFiles)
            let plan = world.plan
            guard plan.refusals.isEmpty else { continue }
            merged[index] = world
            let after = try UnitSources.after(
                plan.nodes[0].files, on: world.node, unit: world.spec.apiServer.unit)
            for (name, sources) in [("s\(index)a.service", style.sources), ("s\(index)b.service", after)] {
                for source in sources {
                    let isFragment = source == sources.first
                    files[isFragment ? name : "\(name).d/\(source.fileName)"] = Array(source.text.utf8)
                }
            }
        }
        #expect(merged.count >= 25)
        let units = try SystemdOracle.load(files)
        for (index, world) in merged {
            let title = UnitStyle.all[index].name
            let before = try #require(
                units["s\(index)a.service"].flatMap(Self.server), "\(title)")
            let after = try #require(
                units["s\(index)b.service"].flatMap(Self.server), "\(title)")
            #expect(Self.others(after) == Self.others(before), "\(title)")
            let text = world.plan.nodes[0].files.last.map { change in
                if case .text(let bytes) = change.content {
                    String(decoding: bytes, as: UTF8.self)
                } else {
                    ""
                }
            }
            guard text?.contains("\nExecStart=") == true else { continue }
            let own = CommandComparison.aggregationArguments(after).sorted().map { after[$0] }
            #expect(own == APIServerFlags(spec: world.spec).arguments, "\(title): \(after)")
        }
    }

    @Test func theTableIsTheTruth() throws {
        var lines = [
            "# Units and environment files",
            "",
            "What aggbootstrap does with the units and environment files that people use to run kube-apiserver under systemd. A test",
            "writes this page from the examples in `Tests/Styles`. To find yours, compare your `ExecStart=` with the first column.",
            "",
            "- *Alone*: offline, with `--base-unit` and nothing else.",
            "- *With its files*: offline, with its drop-ins in the tree, and its environment files in the tree or given with",
            "  `--base-file`.",
            "- *Live*: the running node.",
            "- *Merged* names the file that is written. Every other argument stays as it is and where it is. A *note* is a warning.",
            "  Flags that the unit's own command has already, as the spec wants them, stay there, and no file is written.",
            "- *Refused* gives the error codes. Nothing is changed then.",
            "",
            "| Style | Alone | With its files | Live |",
            "|---|---|---|---|",
        ]
        for style in UnitStyle.all {
            let cells = try UnitStyle.Knowledge.allCases.map { try Self.outcome(style.world($0)) }
            lines.append("| \(([style.title] + cells).joined(separator: " | ")) |")
        }
        try expectGolden(lines.joined(separator: "\n") + "\n", "docs/reference/unit-styles.md")
    }

    /// systemd prints the commands of ExecStartPre= and the like too.
    private static func server(_ unit: SystemdOracle.Unit) -> [String]? {
        unit.commands.first { CommandProgram($0).kind == .apiServer || $0.contains("run") }
            ?? unit.commands.first
    }

    private static func outcome(_ world: PlanWorld) -> String {
        let plan = world.plan
        func list(_ codes: [String]) -> String {
            var seen: [String] = []
            for code in codes where !seen.contains(code) { seen.append(code) }
            return seen.map { "`\($0)`" }.joined(separator: ", ")
        }
        if !plan.refusals.isEmpty { return "refused: \(list(plan.refusals.map(\.code)))" }
        let notices = plan.notices.map(\.code).filter { $0 != "plan/freezes" }
        let path = plan.nodes[0].files.map(\.path).last ?? "nothing"
        let target = path.hasSuffix(UnitPaths.dropInName) ? "drop-in" : "`\(path)`"
        return "merged: \(target)" + (notices.isEmpty ? "" : ", note \(list(notices))")
    }

    private static func others(_ command: [String]) -> [String] {
        let own = CommandComparison.aggregationArguments(command)
        return command.indices.filter { !own.contains($0) }.map { command[$0] }
    }

    private static func values(_ command: [String]) -> [[String]] {
        EffectiveFlags.parse(commandLine: command).occurrences
            .filter { !APIServerFlags.names.contains($0.name) }.map { [$0.name, $0.value ?? ""] }
    }
}
