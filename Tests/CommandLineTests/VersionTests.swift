// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What the program says of itself, and what it gives to shells.
@Suite struct VersionTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(arguments: ["--version -o json", "version --output json", "--version --output=json"])
    func asJSON(arguments: String) throws {
        let result = try shell("$A \(arguments)", in: directory)
        #expect(result.status == 0, "\(result.stderr)")
        let object = try JSONSerialization.jsonObject(with: Data(result.stdout.utf8))
        let version = try #require(object as? [String: Any])
        #expect(version["schemaVersion"] as? Int == 2)
        #expect(
            (version["version"] as? String).map { "\($0)\n" }
                == (try shell("$A --version", in: directory).stdout))
        let openssl = try #require(version["openssl"] as? [String: Any])
        let program = try run("openssl", ["version"]).stdout.split(separator: " ")
        #expect((openssl["running"] as? String)?.contains(program[1]) == true, "\(openssl)")
        // What is not known is null, and never left out.
        let systemd = try #require(version["systemd"] as? [String: Any])
        #expect(systemd.keys.sorted() == ["built", "running"])
        let commit = try #require(version["commit"])
        #expect(commit is NSNull || (commit as? String)?.wholeMatch(of: /[0-9a-f]{40,64}/) != nil)
    }

    @Test(arguments: ["--version -o xml", "--version --no-such-option", "--version init"])
    func whatItDoesNotKnow(arguments: String) throws {
        let result = try shell("$A \(arguments)", in: directory)
        #expect(result.status == 64 && result.stdout.isEmpty && !result.stderr.isEmpty, "\(result.stdout)")
    }

    /// What bash itself offers for each command line.
    private func offered(_ lines: [String]) throws -> [String] {
        let script = """
            eval "$($A completion bash)"
            complete -p aggbootstrap | grep -o -- '-F [^ ]*' | cut -c4- >name
            PATH=$(dirname $A):$PATH
            try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
                "$(<name)" aggbootstrap "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"; echo "${COMPREPLY[@]}"; }

            """
        let result = try shell(
            script + lines.map { "try aggbootstrap \($0)" }.joined(separator: "\n"), in: directory)
        #expect(result.stderr.isEmpty, "\(result.stderr)")
        return result.stdout.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
            $0.split(separator: " ").joined(separator: " ")
        }
    }

    @Test func bashCompletes() throws {
        let words = try offered(["in", "init --accept", "spec fr", "plan --out"])
        #expect(words == ["init", "--accept-unhealthy", "from-cfssl", "--output"])
    }

    /// The control planes of the spec that the command line names, or of the one that is used without it.
    @Test func bashCompletesNodesAndFields() throws {
        for (name, file) in [("master-1", "cluster.json"), ("cp9", "aggbootstrap.json")] {
            #expect(
                try shell("$A spec init --node \(name) \(file)", in: directory).status == 0)
        }
        try directory.write("{", to: "broken.json")
        let words = try offered([
            "init --spec cluster.json --limit ''", "init --spec = cluster.json --accept-unhealthy m",
            "rollback --limit ''", "plan --spec broken.json --limit ''", "spec explain certificates.ca.key.s",
        ])
        #expect(words == ["master-1", "master-1", "cp9", "", "certificates.ca.key.size"])
    }

    @Test(arguments: [("zsh", "#compdef aggbootstrap"), ("fish", "complete -c 'aggbootstrap'")])
    func otherShells(name: String, beginning: String) throws {
        let script = try shell("$A completion \(name) | tee script", in: directory)
        #expect(script.status == 0 && script.stdout.contains(beginning), "\(script.stdout.prefix(300))")
        #expect(script.stdout.contains("accept-unhealthy"))
        let read = try shell("\(name) -n script", in: directory)
        #expect(read.status == 0 && read.stderr.isEmpty, "\(read.stderr)")
    }

    /// groff(1) finds nothing to complain of, and every command has its page.
    @Test func manualPages() throws {
        let script = #filePath.components(separatedBy: "/Tests/")[0] + "/scripts/man.py"
        let made = try shell(
            "python3 \(script) $A man && ls man && groff -man -ww -Tutf8 -z man/*.1", in: directory)
        #expect(made.status == 0 && made.stderr.isEmpty, "\(made.stderr)")
        let names = ["", "-init", "-plan", "-verify", "-version", "-spec", "-spec-from-cfssl", "-completion"]
        for name in names { #expect(made.stdout.contains("aggbootstrap\(name).1\n"), "\(made.stdout)") }
        let page = try shell("groff -man -Tascii man/aggbootstrap-init.1 | sed 's/.\\x08//g'", in: directory)
            .stdout
        #expect(
            page.contains("--accept-unhealthy node") && page.contains("General Commands Manual"), "\(page)")

        for section in ["EXAMPLES", "ENVIRONMENT", "FILES", "EXIT STATUS"] {
            #expect(page.contains("\n\(section)\n"), "\(page)")
        }
        #expect(page.contains("aggbootstrap init --root out"), "\(page)")
        #expect(page.contains("AGGBOOTSTRAP_SPEC"), "\(page)")
        #expect(!page.contains("detailed-exitcode"), "\(page)")
        let group = try String(
            contentsOfFile: directory.file("man/aggbootstrap-schedule.1"), encoding: .utf8)
        #expect(group.contains("aggbootstrap\\-schedule\\-install\\fR(1)"), "\(group)")
    }

    @Test func unknownShell() throws {
        let result = try shell("$A completion csh", in: directory)
        #expect(result.status == 64 && result.stderr.contains("csh"), "\(result.stderr)")
    }

    @Test func verboseSaysWhatIsUsed() throws {
        let result = try shell("$A init --root out -v", in: directory)
        #expect(result.status == 0)
        for text in [
            "state: out/.state (below --root)", "the state directory holds no CA yet",
            "observed and planned in ",
        ] {
            #expect(result.stderr.contains(text), "\(result.stderr)")
        }
        #expect(!result.stderr.contains("PRIVATE KEY"))
        #expect(try shell("$A init --root quiet", in: directory).stderr.contains("observed") == false)
        #expect(try shell("$A plan --root out -q -v", in: directory).status == 64)
    }
}
