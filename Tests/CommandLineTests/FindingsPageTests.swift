// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Planning
@testable import aggbootstrap

/// docs/findings.md is written from what the program says of each finding; `RECORD_GOLDEN=1` writes it again, and fails.
@Suite struct FindingsPageTests {
    private static let head = """
        # Findings

        A test writes this page from the program's own words. `aggbootstrap verify --offline PATH...` judges files with no spec, no network
        and no passphrase: trees of nodes as `init --root` writes them, tar archives of such trees, or single units, drop-ins,
        environment files, certificates and keys. Codes do not change; the text beside them may.

        An **error** ends with status 4: kube-apiserver does not start with these files, the aggregation layer does not work, or it is not
        safe. A **warning** ends with status 4 only with `--strict`. Words in capitals stand for what is found.

        - In a tree, a file that a flag names must be there, and modes and owners count. Single files are judged by their content: a flag's
          file is the one with the same name, and a file that was not given is not missing.
        - `--kubernetes-version 1.33` also judges whether that version knows the flags, and has those that it requires.
        - `--warn-before 90d` warns earlier of certificates that end (30 days).
        - A static pod's manifest (`etc/kubernetes/manifests/*apiserver*`) is judged if it is JSON; `lint/static-pod` tells of others.

        """

    private static let groups: [(title: String, table: [FindingCode: FindingText.Wording])] = [
        ("Certificates and keys", FindingWordings.certificates), ("Files", FindingWordings.files),
        ("Flags", FindingWordings.flags), ("Units and what is around them", FindingWordings.units),
    ]

    @Test func thePageIsTheProgram() throws {
        let parts = Self.groups.map { title, table in
            let rows = FindingCode.allCases.compactMap { code in
                table[code].map { words in
                    "| `\(code.rawValue)` | \(code.severity.rawValue) | \(shown(words.message)) | \(shown(words.effect)) "
                        + "| \(shown(words.remedy)) |"
                }
            }
            let head =
                "| code | | what is wrong | what kube-apiserver does then | way out |\n|---|---|---|---|---|"
            return "## \(title)\n\n\(head)\n\(rows.joined(separator: "\n"))\n"
        }
        try expectGolden(Self.head + "\n" + parts.joined(separator: "\n"), "docs/findings.md")
    }

    /// `{name}` as `NAME`.
    private func shown(_ text: String) -> String {
        text.replacing(/\{(\w+)\}/) { $0.1.uppercased() }.replacing("|", with: "\\|")
    }

    @Test func everyCodeHasItsWords() {
        let counts = Self.groups.reduce(0) { $0 + $1.table.count }
        #expect(counts == FindingCode.allCases.count)
        #expect(Set(FindingText.table.keys) == Set(FindingCode.allCases))
        for (code, words) in FindingText.table {
            for text in [words.message, words.effect, words.remedy] {
                #expect(!text.isEmpty && !text.hasSuffix("."), "\(code)")
                #expect(
                    text.first?.isUppercase == false || text.hasPrefix("APIServices")
                        || text.hasPrefix("ExecReload"), "\(code)")
            }
        }
    }

    @Test func detailsAreFilledIn() {
        let text = FindingText(
            Finding(.doubledFlag, details: ["flag": "x", "at": "f:1", "first": "a", "value": "b"]))
        #expect(text.message == "--x is given more than once, first at f:1 with the value a")
        #expect(text.effect == "kube-apiserver takes the last one: b")
    }
}
