// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What differs between a terminal, a pipe and a CI job.
@Suite struct TerminalTests {
    private static let escape = "\u{1b}["

    /// A command line, whether script(1) gives it a terminal, and whether its output is coloured.
    static let cases: [(line: String, hasTerminal: Bool, isColored: Bool)] = [
        ("TERM=xterm $A verify --root out", true, true),
        ("TERM=xterm NO_COLOR=1 $A verify --root out", true, false),
        ("TERM=dumb $A verify --root out", true, false),
        ("TERM=xterm $A verify --root out --color never", true, false),
        ("TERM=xterm $A verify --root out", false, false),
        ("TERM=dumb NO_COLOR=1 $A verify --root out --color always", false, true),
        ("TERM=xterm $A verify --root out -o json", true, false),
        ("TERM=xterm $A plan --spec missing", true, true),
        ("TERM=xterm NO_COLOR=1 $A plan --spec missing", true, false),
    ]

    @Test(arguments: cases) func colors(line: String, hasTerminal: Bool, isColored: Bool) throws {
        let directory = try TemporaryDirectory()
        #expect(try shell("$A init --root out", in: directory).status == 0)
        // NO_COLOR of the user who runs the tests is not what is tested.
        let command =
            hasTerminal ? "script -qec 'env -u NO_COLOR \(line)' /dev/null" : "env -u NO_COLOR \(line)"
        let result = try shell(command, in: directory)
        #expect((result.stdout + result.stderr).contains(Self.escape) == isColored, "\(result.stdout)")
    }

    @Test func quietIsSilentOnTheWay() throws {
        let directory = try TemporaryDirectory()
        let loud = try shell("$A init --root loud", in: directory)
        let quiet = try shell("$A init --quiet --root quiet", in: directory)
        #expect(loud.stderr.contains("4 files written") && quiet.stderr.isEmpty)
        #expect(quiet.stdout.contains("done: 2 certificates issued, 4 files written, 0 restarts"))
    }

    /// A row for each node is redrawn where that can be seen, and is a line of its own everywhere else.
    @Test(arguments: [
        ("$A init --root out", true), ("TERM=dumb $A init --root out", false),
        ("env -u TERM $A init --root out", false), ("$A init --verbose --root out", false),
        ("$A init --quiet --root out", false), ("$A init --root out 2>errors; cat errors", false),
        ("$A init --root out -o json", true),
    ]) func liveRows(line: String, areShown: Bool) throws {
        let directory = try TemporaryDirectory()
        let result = try onTerminal("A=aggbootstrap; \(line)", in: directory)
        #expect(result.status == 0)
        #expect(result.screen.contains("\u{1b}[1A") == areShown, "\(result.screen)")
        let row = "\u{1b}[32m  ok\u{1b}[0m   cp1    0 s  has the change: 4 files written\n"
        #expect(result.seen.contains(row) == areShown, "\(result.seen)")
        let isLine = result.seen.contains("aggbootstrap: cp1: 4 files written\n")
        #expect(isLine == !areShown || line.contains("quiet"))
    }

    @Test func liveRowsOfMoreNodesThanFit() throws {
        let directory = try TemporaryDirectory()
        let nodes = (1...12).map {
            #"{ "name": "cp\#($0)", "local": \#($0 == 1), "address": "10.0.0.\#($0)" }"#
        }
        try directory.write(
            #"{ "apiVersion": "aggbootstrap/v1", "cluster": "c", "nodes": [\#(nodes.joined(separator: ","))] }"#,
            to: "cluster.json")
        let line = "stty rows 6 cols 30; aggbootstrap init --spec cluster.json --root out"
        let result = try onTerminal(line, in: directory)
        #expect(result.status == 0, "\(result.screen)")
        var screen = TerminalScreen(columns: 30, rows: 6)
        screen.write(result.screen)
        let rows = screen.text.matches(of: /(?m)^\e\[32m  ok\e\[0m   (cp[0-9]+) +0 s/).map { String($0.1) }
        #expect(rows.sorted() == (1...12).map { "cp\($0)" }.sorted(), "\(screen.text)")
    }

    /// What comes from outside cannot move the cursor, colour or hide anything; our own colours stay.
    @Test func controlCharactersAreShownAndNotSent() throws {
        let directory = try TemporaryDirectory()
        let hostile = #"$(printf 'cp\033[2J\007\177\302\233\342\200\256\n\t9')"#
        let line = "aggbootstrap plan --root out --limit \"\(hostile)\""
        let result = try onTerminal(line, in: directory)
        let shown = #"names cp\u{1b}[2J\u{7}\u{7f}\u{9b}\u{202e}"# + "\n\t9, which is not a node"
        #expect(
            result.screen.replacing("\r\n", with: "\n").contains(
                "\u{1b}[31;1maggbootstrap: error: --limit \(shown)"), "\(result.screen)")
        #expect(!result.screen.contains("\u{1b}[2J"), "\(result.screen)")
        let plain = line.replacing("aggbootstrap", with: "$A")
        let json = try shell("\(plain) -o json 2>/dev/null", in: directory)
        #expect(json.stdout.contains(#"cp\u001b[2J\u0007\u007f\u009b\u202e\n\t9"#), "\(json.stdout)")
        struct Answer: Decodable {
            struct Failure: Decodable { let message: String }
            let error: Failure
        }
        let answer = try JSONDecoder().decode(Answer.self, from: Data(json.stdout.utf8))
        #expect(answer.error.message.contains("cp\u{1b}[2J\u{7}\u{7f}\u{9b}\u{202e}\n\t9"))
    }

    @Test func annotationsOfGitHubActions() throws {
        let directory = try TemporaryDirectory()
        try directory.write("{\"a,b\":\n 1}", to: "c,d.json")
        let line = "$A spec validate c,d.json"
        let job = try shell("GITHUB_ACTIONS=true \(line)", in: directory)
        #expect(job.status == 65)
        #expect(
            job.stderr.contains("::error file=c%2Cd.json,line=1,col=2::unknown key \"a,b\""), "\(job.stderr)")
        #expect(try !shell("env -u GITHUB_ACTIONS \(line)", in: directory).stderr.contains("::error"))
        let refused = try shell("GITHUB_ACTIONS=true $A plan --spec missing", in: directory)
        #expect(refused.stderr.contains("::error::cannot read the spec missing: no such file"))
    }
}
