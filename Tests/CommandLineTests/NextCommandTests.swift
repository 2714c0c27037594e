// SPDX-License-Identifier: Apache-2.0

import Operations
import Testing

@testable import aggbootstrap

/// A command that a text names is one that can be run as it stands.
@Suite struct NextCommandTests {
    @Test(arguments: [
        ("run aggbootstrap rotate --ca, then look", "run aggbootstrap rotate --ca OPTIONS, then look"),
        ("aggbootstrap rotate --compromised ca or", "aggbootstrap rotate --compromised ca OPTIONS or"),
        ("运行 aggbootstrap rotate --ca（不带）", "运行 aggbootstrap rotate --ca OPTIONS（不带）"),
        ("aggbootstrap state export FILE now", "aggbootstrap state export FILE OPTIONS now"),
        ("`aggbootstrap init`; then plan.", "`aggbootstrap init OPTIONS`; then plan."),
        ("aggbootstrap plan; aggbootstrap init.", "aggbootstrap plan OPTIONS; aggbootstrap init OPTIONS."),
        ("aggbootstrap plan --output /srv/a.b.", "aggbootstrap plan --output /srv/a.b OPTIONS."),
        ("aggbootstrap schedule remove here", "aggbootstrap schedule remove --spec a.json here"),
        // Those that have an option of their own, take none, or are no commands.
        ("aggbootstrap state import x --spec SPEC", "aggbootstrap state import x --spec SPEC"),
        ("aggbootstrap state import X --spec SPEC", "aggbootstrap state import X --spec SPEC"),
        ("aggbootstrap plan --root /srv/a.b.", "aggbootstrap plan --root /srv/a.b."),
        ("aggbootstrap spec init x; aggbootstrap 1.0", "aggbootstrap spec init x; aggbootstrap 1.0"),
        ("/etc/aggbootstrap init and aggbootstrap planet", "/etc/aggbootstrap init and aggbootstrap planet"),
    ])
    func options(of text: String, are expected: String) {
        let options = NextCommand.options(
            of: RunRequest(specFile: "a.json", state: "b"), hasStateVariable: false)
        let completed = NextCommand.completed(text, with: options)
        #expect(completed == expected.replacing("OPTIONS", with: "--spec a.json --state b"))
        #expect(NextCommand.completed(text, with: .init()) == text)
    }

    /// A command that works on running control planes alone finds the state of a tree, and not the tree.
    @Test(arguments: [
        ("aggbootstrap init turns it on", "aggbootstrap init --root t turns it on"),
        ("aggbootstrap rotate --ca (alone)", "aggbootstrap rotate --ca --state t/.state (alone)"),
        (
            "aggbootstrap rollback --limit cp1 undoes",
            "aggbootstrap rollback --limit cp1 --state t/.state undoes"
        ),
        ("aggbootstrap schedule show", "aggbootstrap schedule show"),
    ])
    func optionsOfATree(in text: String, are expected: String) {
        let request = RunRequest(root: "t")
        func completed(_ hasVariable: Bool) -> String {
            NextCommand.completed(
                text, with: NextCommand.options(of: request, hasStateVariable: hasVariable))
        }
        #expect(completed(false) == expected)
        #expect(completed(true) == expected.replacing(" --state t/.state", with: ""))
    }

    @Test func whatWasGivenIsQuoted() {
        let request = RunRequest(specFile: "it's a.json", state: "/b/c_d-1.x")
        let completed = NextCommand.completed(
            "aggbootstrap plan", with: NextCommand.options(of: request, hasStateVariable: false))
        #expect(completed == #"aggbootstrap plan --spec 'it'\''s a.json' --state /b/c_d-1.x"#)
    }
}
