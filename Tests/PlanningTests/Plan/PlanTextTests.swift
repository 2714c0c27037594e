// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Planning
@testable import Spec
@testable import Values
@testable import aggbootstrap

/// Times and differences as they are shown, against the programs that know them.
@Suite struct PlanTextTests {
    @Test func timesAreThoseOfDate() throws {
        var random = SeededGenerator(seed: 1)
        var seconds: [Int64] = [
            0, -1, 1, 951_782_399, 951_782_400, 4_107_542_400, -2_203_891_201, 253_402_300_799,
        ]
        seconds += (0..<400).map { _ in Int64.random(in: -30_000_000_000...253_402_300_799, using: &random) }
        for year in 1999...2101 { seconds.append(UnixTime(year: Int64(year), month: 3, day: 1).seconds - 1) }
        let directory = try TemporaryDirectory()
        let file = try directory.write(seconds.map { "@\($0)\n" }.joined(), to: "times")
        let result = try run("date", ["-u", "-f", file, "+%Y-%m-%dT%H:%M:%SZ"])
        #expect(
            result.stdout.split(separator: "\n").map(String.init)
                == seconds.map { UnixTime(seconds: $0).description })
        for time in seconds {
            let parts = UnixTime(seconds: time).description.split { "-T:Z".contains($0) }.compactMap {
                Int64($0)
            }
            let back = UnixTime(
                year: parts[0], month: parts[1], day: parts[2], hour: parts[3], minute: parts[4],
                second: parts[5])
            #expect(back.seconds == time)
        }
    }

    private func text(_ random: inout SeededGenerator, from old: [String]? = nil) -> [String] {
        guard var lines = old else {
            return (0..<Int.random(in: 0...30, using: &random)).map { _ in
                "line \(Int.random(in: 0...9, using: &random))"
            }
        }
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            let place = Int.random(in: 0...lines.count, using: &random)
            switch Int.random(in: 0...2, using: &random) {
            case 0: lines.insert("new \(Int.random(in: 0...9, using: &random))", at: place)
            case 1 where place < lines.count: lines.remove(at: place)
            default: if place < lines.count { lines[place] += " changed" }
            }
        }
        return lines
    }

    /// patch(1) makes the new text of the old one, and diff(1) finds no shorter way.
    @Test func differencesArePatches() throws {
        let directory = try TemporaryDirectory()
        var random = SeededGenerator(seed: 7)
        var (patch, sizes) = ("", "")
        let pairs = (0..<150).map { _ in
            let old = text(&random)
            return (old, text(&random, from: Bool.random(using: &random) ? old : nil))
        }
        for (index, (old, new)) in pairs.enumerated() {
            try directory.write(old.map { $0 + "\n" }.joined(), to: "old/\(index)")
            try directory.write(new.map { $0 + "\n" }.joined(), to: "new/\(index)")
            let difference = UnifiedDiff.lines(from: old, to: new)
            #expect(difference.isEmpty == (old == new))
            sizes += "\(index) \(difference.count { $0.hasPrefix("+") || $0.hasPrefix("-") })\n"
            guard !difference.isEmpty else { continue }
            patch += "--- old/\(index)\n+++ old/\(index)\n" + difference.map { $0 + "\n" }.joined()
        }
        try directory.write(patch, to: "patch")
        let shell = """
            for i in $(seq 0 149); do echo "$i $(diff -d -U0 old/$i new/$i | tail -n +3 | grep -c '^[-+]')"; done >sizes
            patch -s -p0 --fuzz=0 --no-backup-if-mismatch -E <patch && for f in new/*; do [ -e old/${f#new/} ] || : >old/${f#new/}; done
            diff -r old new
            """
        let result = try run("bash", ["-c", shell], currentDirectory: directory.path)
        #expect(result.stdout == "" && result.stderr == "" && result.status == 0)
        #expect(try String(contentsOfFile: directory.file("sizes"), encoding: .utf8) == sizes)
    }

    /// The same hunks as diff(1), where there is one way only to see the difference.
    @Test(arguments: [
        ("", "a"), ("a", ""), ("a", "b"), ("abcdefgh", "abcdXefgh"), ("abcdefghij", "Xbcdefghij"),
        ("abcdefghijklmnop", "XbcdefghijklmnoY"), ("abcdefgh", "XbcdefgY"), ("abcdefghi", "XbcdefghY"),
        ("abcdefghij", "XbcdefghiY"), ("abcdefghijk", "abcdefghij"), ("abcdefghijkl", "aXbcdefghijkYl"),
    ])
    func hunksAreThoseOfDiff(old: String, new: String) throws {
        let directory = try TemporaryDirectory()
        let lines = (old.map(String.init), new.map(String.init))
        try directory.write(lines.0.map { $0 + "\n" }.joined(), to: "old")
        try directory.write(lines.1.map { $0 + "\n" }.joined(), to: "new")
        let result = try run("diff", ["-u", directory.file("old"), directory.file("new")])
        #expect(
            result.stdout.split(separator: "\n").dropFirst(2).map(String.init)
                == UnifiedDiff.lines(from: lines.0, to: lines.1))
    }

    /// Lines end where they end for systemd, and nothing in them reaches the terminal as a command to it.
    @Test func whatIsShownOfAFile() {
        let before = ObservedFile(
            path: "/x", kind: .regular, content: Array("a\r\nb\u{1b}[2J\nc\n".utf8))
        let change = FileChange(
            path: "/x", action: .replace, content: .text(Array("a\nb\nc\n".utf8)), before: before,
            mode: 0o644, ownerIDs: nil)
        #expect(
            PlanReport.difference(change) == [
                "@@ -1,3 +1,3 @@", #"-a\u{d}"#, #"-b\u{1b}[2J"#, "+a", "+b", " c",
            ])
    }

    @Test func thePlanAsText() throws {
        var world = try PlanWorld(
            .live, unit: .base("[Service]\nExecStart=/kube-apiserver --a=b\n", running: true))
        world.spec.certificates.proxyClient.hosts = []
        let report = PlanReport(world.plan, unit: "kube-apiserver.service").lines
        let expected = """
            certificates to issue:
              + requestheader CA: CN=aggregator-ca <generation>, ECDSA P-256, 2025-12-31 to 2035-12-29
              + proxy client certificate of cp1: CN=aggregator, ECDSA P-256, 2025-12-31 to 2026-12-31

            cp1:
              + /etc/kubernetes/ssl/aggregator-ca.pem 0644 998:998 new certificate, issued during the run
              + /etc/kubernetes/ssl/aggregator-key.pem 0600 998:998 private key, not shown
              + /etc/kubernetes/ssl/aggregator.pem 0644 998:998 new certificate, issued during the run
              + /etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf 0644 0:0
            """
        #expect(report.prefix(9).joined(separator: "\n").description == expected)
        let end = """
              systemctl daemon-reload
              restart kube-apiserver.service: it runs without the wanted flags

            note: cp1: the drop-in overrides ExecStart= of /usr/lib/systemd/system/kube-apiserver.service: edits there have no effect until the next init
            """
        #expect(report.suffix(4).joined(separator: "\n").description == end)
        try world.apply()
        #expect(PlanReport(world.plan, unit: "u").lines == ["nothing to change in cluster demo"])
        world.node.key.mode = 0o644
        #expect(
            PlanReport(world.plan, unit: "u").lines == [
                "cp1:",
                "  = /etc/kubernetes/ssl/aggregator-key.pem 0600 998:998 (mode and owner only, was 0644 998:998)",
                "  no restart of u", "",
            ])
    }
}
