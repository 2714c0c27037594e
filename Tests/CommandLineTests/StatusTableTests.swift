// SPDX-License-Identifier: Apache-2.0

import Foundation
import Planning
import TestSupport
import Testing
import Values

@testable import aggbootstrap

/// The table of `status` on terminals of all kinds.
@Suite struct StatusTableTests {
    private static let blocks = ["█", "░", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

    private func certificate(_ begin: Int64, _ end: Int64) -> CertificateSummary {
        CertificateSummary(
            subject: "", issuer: "", commonName: nil, serial: "", notBefore: UnixTime(seconds: begin),
            notAfter: UnixTime(seconds: end), key: nil, isCA: false, hosts: [], usages: [], subjectDER: [],
            issuerDER: [], subjectKeyIdentifier: nil, authorityKeyIdentifier: nil, publicKeySHA256: "",
            fingerprintSHA256: "")
    }

    @Test(
        arguments: [
            (0, "████"), (1, "████"), (99, "███▉"), (400, "███"), (450, "██▉"), (500, "██▊"), (800, "██"),
            (1599, "▏"), (1600, ""), (5000, ""), (-7, "████"),
        ] as [(Int64, String)]) func whatIsLeftAsABar(now: Int64, bar: String)
    {
        // Of 1600 seconds, 4 cells of 8 eighths: 50 seconds each.
        let shown = StatusTable.bar(certificate(0, 1600), UnixTime(seconds: now), cells: 4)
        #expect(shown == bar + String(repeating: "░", count: 4 - bar.count), "\(now): \(shown)")
        #expect(StatusTable.bar(certificate(5, 5), UnixTime(seconds: now), cells: 4) == "░░░░")
    }

    @Test func manyNamesAreCounted() {
        let names = (1...27).map { "cp\($0)" }
        #expect(StatusTable.names(Array(names.prefix(6))) == "cp1, cp2, cp3, cp4, cp5, cp6")
        #expect(StatusTable.names(names) == "cp1, cp2, cp3 and 24 more")
    }

    /// A terminal, what it is, and whether there is room for bars.
    @Test(arguments: [
        ("stty cols 160; aggbootstrap", true), ("stty cols 111; aggbootstrap", false),
        ("aggbootstrap", false),
        ("stty cols 160; LC_ALL=C aggbootstrap", false),
        ("stty cols 160; LC_ALL= LANG=en_US.utf8 aggbootstrap", true),
        ("stty cols 160; LC_ALL= LC_CTYPE=C LANG=de_DE.UTF-8 aggbootstrap", false),
        ("stty cols 160; TERM=dumb aggbootstrap", false),
    ]) func bars(line: String, areShown: Bool) throws {
        let fleet = try Fleet()
        let command = "\(line) status --spec clusters/shanghai.json --root out/shanghai"
        let screen = try onTerminal(command, in: fleet.directory).seen
        #expect(Self.blocks.contains { screen.contains($0) } == areShown, "\(screen)")
        let lines = screen.split(separator: "\n").map(String.init)
        let head = try #require(lines.first { $0.hasPrefix("CONTROL PLANE") })
        let row = try #require(lines.first { $0.hasPrefix("cp1, cp2, cp3") })
        for (title, value) in [("API SERVER", "offline"), ("CA LOADED", "not known"), ("AS THE SPEC", "yes")]
        {
            func column(_ text: String, _ word: String) throws -> Int {
                try #require(
                    text.range(of: word).map { text.distance(from: text.startIndex, to: $0.lowerBound) })
            }
            #expect(try column(head, title) == column(row, value), "\(screen)")
        }
        // Both bars are of the same width: eighths of ten cells.
        let cells = row.filter { character in Self.blocks.contains(String(character)) }.count
        #expect(cells == (areShown ? 20 : 0))
        let piped = try onTerminal("\(command) | cat", in: fleet.directory).seen
        #expect(!Self.blocks.contains { piped.contains($0) })
    }
}
