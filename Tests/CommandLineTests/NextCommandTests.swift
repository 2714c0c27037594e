// SPDX-License-Identifier: Apache-2.0

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
        ("aggbootstrap plan --root /srv/a.b.", "aggbootstrap plan --root /srv/a.b OPTIONS."),
        ("aggbootstrap schedule remove here", "aggbootstrap schedule remove --spec a.json here"),
        // Those that have an option of their own, take none, or are no commands.
        ("aggbootstrap state import x --spec SPEC", "aggbootstrap state import x --spec SPEC"),
        ("aggbootstrap state import X --spec SPEC", "aggbootstrap state import X --spec SPEC"),
        ("aggbootstrap spec init x; aggbootstrap 1.0", "aggbootstrap spec init x; aggbootstrap 1.0"),
        ("/etc/aggbootstrap init and aggbootstrap planet", "/etc/aggbootstrap init and aggbootstrap planet"),
    ])
    func options(of text: String, are expected: String) {
        let completed = NextCommand.completed(text, spec: " --spec a.json", state: " --state b")
        #expect(completed == expected.replacing("OPTIONS", with: "--spec a.json --state b"))
        #expect(NextCommand.completed(text, spec: "", state: "") == text)
    }
}
