// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Planning
@testable import Values
@testable import aggbootstrap

/// What is told of a new spec, in words.
@Suite struct AdoptionTextTests {
    private static let day = UnixTime(year: 2026, month: 1, day: 1)

    @Test func refusalsHaveTheirWayOut() {
        let notes: [AdoptionNote] = [
            .anyName(kept: "a"), .foreignCA(subject: "CN=front-proxy-ca"),
            .refused(
                nodes: ["cp1", "cp2"], code: "plan/target-kind", message: "/a is a link", hint: "move it"),
            .refused(nodes: [], code: "rotation/open", message: "a rotation is open", hint: nil),
        ]
        #expect(
            AdoptionText(notes).lines == [
                "init would refuse:",
                "  - the key of the CA CN=front-proxy-ca is in no state directory here, and init never replaces such a CA "
                    + "[plan/foreign-ca]",
                "    hint: if a state directory of aggbootstrap has it, give that with --state DIR; else take it over with --ca-key "
                    + "FILE, its private key, or replace it with aggbootstrap rotate --ca",
                "  - cp1, cp2: /a is a link [plan/target-kind]", "    hint: move it",
                "  - a rotation is open [rotation/open]", "once nothing is refused, init would change:",
                "  - --requestheader-allowed-names is empty, so every certificate of the CA could act as any user: the spec "
                    + "allows a only",
            ])
    }

    @Test func whatHasEndedFailsNow() {
        let notes: [AdoptionNote] = [
            .ended(node: "cp1", .proxyClient, Self.day), .ends(node: "cp2", .proxyClient, Self.day),
        ]
        #expect(
            AdoptionText(notes).lines == [
                "does not work now:",
                "  - cp1: the proxy client certificate has ended, \(Self.day): requests to extension API servers fail now; init "
                    + "or rotate renews it", "could be better:",
                "  - cp2: the proxy client certificate ends \(Self.day): init or rotate renews it",
            ])
        let foreign = AdoptionText(notes + [.foreignCA(subject: "CN=a")]).lines
        #expect(foreign.filter { $0.hasSuffix("replace the CA with rotate --ca") }.count == 2, "\(foreign)")
    }

    @Test func changesThatArePlanned() {
        let notes: [AdoptionNote] = [
            .issues(owner: nil, because: CertificateIssue.noneYet),
            .issues(owner: "cp1", because: "it ends soon"),
            .issues(owner: LeafOwner.shared, because: CertificateIssue.noneYet),
            .files(nodes: ["cp1", "cp2"], written: ["/a", "/b"], removed: ["/c"]),
            .metadata(node: "cp1", path: "/k", found: "mode 0640", kept: "mode 0600"),
            .continued(node: "cp1"),
            .restart(nodes: ["cp1"], unit: "a.service", because: "it must"), .noRestart,
        ]
        #expect(
            AdoptionText(notes).lines == [
                "init would change:", "  - issues a requestheader CA",
                "  - issues a proxy client certificate for cp1, because it ends soon",
                "  - issues a proxy client certificate for all nodes",
                "  - cp1, cp2: writes /a, /b; removes /c",
                "  - cp1: /k gets mode 0600 instead of mode 0640", "  - cp1: finishes an interrupted change",
                "  - cp1: restarts a.service: it must", "  - no kube-apiserver restarts for that",
            ])
    }

    @Test func aUnitThatWasNotRestarted() {
        func line(_ running: String?, _ files: String?) -> Message? {
            AdoptionText([.notRestarted(node: "cp1", flag: "x", running: running, files: files)]).lines.last
        }
        #expect(
            line("/a", "/b")?.description
                == "  - cp1: the unit's files have --x=/b, and kube-apiserver runs with --x=/a: it was not restarted since they "
                + "were changed; the spec says what runs")
        #expect(line(nil, "/b")?.contains("have --x=/b, and kube-apiserver runs without --x:") == true)
        #expect(line("/a", nil)?.contains("have no --x, and kube-apiserver runs with --x=/a:") == true)
    }

    @Test(
        arguments: [(0o640, "its group"), (0o604, "any user there"), (0o644, "any user there")]
            as [(UInt32, String)])
    func whoMayReadAKey(mode: UInt32, who: String) {
        let line = AdoptionText([.openKey(node: "cp1", path: "/k", mode: mode)]).lines.last
        #expect(
            line?.description
                == "  - cp1: \(who) can read the key /k (mode 0\(String(mode, radix: 8))): init and rotate leave it to the user of "
                + "kube-apiserver alone, mode 0600")
    }

    @Test func whatIsNext() {
        let foreign = AdoptionNote.foreignCA(subject: "CN=a")
        let shared = AdoptionNote.refused(nodes: ["cp1"], code: "plan/shared-ca", message: "m", hint: "h")
        let other = AdoptionNote.refused(nodes: ["cp1"], code: "plan/clock", message: "m", hint: "h")
        func next(_ notes: [AdoptionNote]) -> Message { AdoptionText(notes).next }
        #expect(next([.noRestart]) == "aggbootstrap plan")
        #expect(next([foreign]) == "aggbootstrap rotate --ca --dry-run")
        #expect(next([shared]) == "aggbootstrap rotate --ca --dry-run")
        #expect(next([foreign, other]) == "fix what init would refuse, then aggbootstrap plan")
    }
}
