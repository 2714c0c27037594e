// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import Values

@testable import Planning
@testable import aggbootstrap

/// docs/reference/findings.md is written from what the program says of each finding; `RECORD_GOLDEN=1` writes it again, and fails.
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
        - A static pod's manifest (`etc/kubernetes/manifests/*apiserver*`, and RKE2's `pod-manifests`) is judged if it is JSON;
          `lint/static-pod` tells of others.
        - A tree without a unit, a manifest and any directory of systemd is judged by its certificates, and the result says that flags
          were not judged. The file of `--client-ca-file` must be there if another file is that `init` does not write, such as the
          serving certificate; otherwise the result says that it was not judged.

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
                        + "| \(shown(words.remedies)) |"
                }
            }
            let head =
                "| code | | what is wrong | what kube-apiserver does then | way out |\n|---|---|---|---|---|"
            return "## \(title)\n\n\(head)\n\(rows.joined(separator: "\n"))\n"
        }
        try expectGolden(Self.head + "\n" + parts.joined(separator: "\n"), "docs/reference/findings.md")
    }

    /// `{name}` as `NAME`.
    private func shown(_ text: Message) -> String {
        FindingText.open(text).replacing("|", with: "\\|")
    }

    @Test func everyCodeHasItsWords() {
        let counts = Self.groups.reduce(0) { $0 + $1.table.count }
        #expect(counts == FindingCode.allCases.count)
        #expect(Set(FindingText.table.keys) == Set(FindingCode.allCases))
        for (code, words) in FindingText.table {
            for text in [words.message, words.effect, words.remedy] {
                #expect(!text.isEmpty && !text.hasSuffix("."), "\(code)")
                #expect(
                    text.description.first?.isUppercase == false || text.hasPrefix("APIServices")
                        || text.hasPrefix("ExecReload"), "\(code)")
            }
        }
    }

    /// aggbootstrap edits no manifest: what it says must be what the operator can do.
    @Test func aStaticPodHasAWayOutOfItsOwn() {
        for code in [FindingCode.aggregationOff, .noRequestheaderCA, .noProxyClient] {
            let unit = FindingText(Finding(code, details: ["flag": "x"])).remedy
            let pod = FindingText(Finding(code, details: ["flag": "x"], isInPod: true)).remedy
            #expect(unit.contains("aggbootstrap init") && !unit.contains("manifest"), "\(unit)")
            #expect(
                pod.contains("the command in the manifest") && pod.contains("docs/how-to/external.md"),
                "\(pod)")
        }
        // Elsewhere no setting of a unit may be the way out.
        for (code, words) in FindingText.table {
            let isOfUnits = FindingWordings.units[code] != nil && words.podRemedy == nil
            let remedy = words.podRemedy ?? words.remedy
            #expect(
                isOfUnits || !remedy.contains("ExecStart") && !remedy.contains("run aggbootstrap init"),
                "\(code)")
        }
    }

    @Test func detailsAreFilledIn() {
        let text = FindingText(
            Finding(.doubledFlag, details: ["flag": "x", "at": "f:1", "first": "a", "value": "b"]))
        #expect(text.message == "--x is given more than once, first at f:1 with the value a")
        #expect(text.effect == "kube-apiserver takes the last one: b")
    }
}
