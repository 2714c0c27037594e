// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

private let build = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: ".build").path

/// What `schedule install --dry-run` shows is what the install would write, and what that refuses it refuses too.
@Suite(.enabled(if: !build.hasPrefix("/tmp/"), "a schedule's files are not below /tmp"))
struct ScheduleInstallTests {
    private func dryRun(_ setting: String, state: String) throws -> (
        status: Int32, stdout: String, stderr: String
    ) {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        let line = """
            W=$(mktemp -d \(build)/schedule.XXXXXX); trap 'rm -r $W' EXIT; cp cluster.json $W; cd $W
            echo correct horse >secret; chmod 600 secret
            $A init --spec cluster.json --root out --state state --passphrase-file secret >/dev/null
            \(setting) $A schedule install --dry-run --spec cluster.json --state \(state)
            """
        let result = try shell(line, in: directory)
        return (result.status, result.stdout, result.stderr)
    }

    @Test(arguments: [
        ("", "none", "renewal/no-ca"), ("", "state", "state/passphrase-needed"),
        ("AGGBOOTSTRAP_PASSPHRASE_FILE=none", "state", "usage/passphrase"),
        ("AGGBOOTSTRAP_PASSPHRASE_FILE=cluster.json", "state", "usage/passphrase"),
    ]) func isRefused(setting: String, state: String, code: String) throws {
        let result = try dryRun(setting, state: state)
        #expect(result.status != 0 && result.stdout.isEmpty, "\(result.stdout)")
        #expect(result.stderr.contains("[\(code)]"), "\(result.stderr)")
    }

    @Test func thePassphraseOfTheEnvironment() throws {
        let result = try dryRun("AGGBOOTSTRAP_PASSPHRASE_FILE=secret", state: "state")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(
            result.stdout.split(separator: "\n").contains {
                $0.hasPrefix("LoadCredential=aggbootstrap-passphrase:") && $0.hasSuffix("/secret")
            }, "\(result.stdout)")
    }
}
