// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Operations
@testable import Planning
@testable import Values
@testable import aggbootstrap

/// What a run says while it works: values below, their words here, each of them once.
@Suite struct ProgressTextTests {
    private static let day = UnixTime(seconds: 1_700_000_000)
    private static let server = StageNote.Server(endpoint: "192.0.2.9:443", service: "ns/a", why: "it is old")

    private func stage(_ notes: [StageNote]) -> [Message?] { notes.map { ProgressEvent.stage($0).logLine } }

    @Test func whichEventsAreLinesOfALog() {
        #expect(ProgressEvent.line(.trouble("x")).logLine == "x")
        #expect(ProgressEvent.note(node: "cp1", .wrote(files: 1)).logLine == "cp1: 1 file written")
        for event in [
            ProgressEvent.began(["cp1"]), .step(node: "cp1", .preparing),
            .ended(NodeResult("cp1", .unchanged)), .finished,
        ] { #expect(event.logLine == nil) }
    }

    @Test func stepsOfANode() {
        let steps: [NodeStep] = [
            .checkingOthers, .preparing, .restarting(unit: "a.service"),
            .restartingWithOldFiles(unit: "a.service"),
            .checkingAcceptance, .checkingExtensionAPIs, .waitingForSighting, .waitingForWatches,
            .waitingForReread(seconds: 65), .restoringPair(because: "cp2 refuses it"),
        ]
        #expect(
            steps.map(\.text) == [
                "checking that all other control planes are ready", "keeping copies, preparing files",
                "restarting a.service", "restarting a.service with the old files",
                "checking that every API server accepts the new certificate",
                "checking that extension APIs answer through it as before",
                "waiting until a request through its aggregator shows the new certificate",
                "waiting until it watches the new files", "it reads changed files each minute: waiting 65 s",
                "restoring its old certificate and key: cp2 refuses it",
            ])
    }

    @Test func notesOfANode() {
        let notes: [NodeNote] = [
            .wrote(files: 2), .removed(files: 1), .restarted(unit: "a.service"),
            .ready(unit: "a.service", seconds: 7), .restoring(because: "it failed"),
            .copiesNotStored(because: "full"), .copiesNotRemoved(because: "full"), .presents(serial: "0A"),
            .presentedNotSeen(because: "no route"), .notWatched(["/a", "/b"]),
        ]
        #expect(
            notes.map(\.text) == [
                "2 files written", "1 file removed", "a.service restarted, waiting until it is ready",
                "a.service is ready, 7 s after its restart began", "it failed; restoring the old files",
                "cannot store the copies of the previous files (full); the next init does it",
                "cannot remove the copies of the old files (full); the next init does it",
                "its aggregator presents the new certificate, serial 0A",
                "cannot see which certificate its aggregator presents: no route",
                "it does not watch /a, /b as it is now, and misses the next change: remove backups that are hard links to "
                    + "old files, or restart its kube-apiserver",
            ])
    }

    @Test func doubtsOfAPair() {
        let start: Message =
            "whether the running API server accepts the new proxy client certificate is not known before the proofs: "
        let doubts: [NodeNote.Doubt] = [.because("x"), .answered(status: 502), .notAsked]
        #expect(
            doubts.map { NodeNote.acceptanceNotKnown($0).text } == [
                start + "x", start + "it answers with HTTP status 502",
                start + "it has no main process, or the node has no certificate and key",
            ])
    }

    @Test func linesOfARun() {
        let notes: [RunNote] = [
            .stopping(.node), .stopping(.step), .stopping(.canary),
            .kubectl(client: "kubectl with x", warning: "old"), .trouble("left behind"),
            .extensionAPIs(.notListed(because: "x")),
            .extensionAPIs(.silentBefore(api: "v1.a", node: "cp1", because: "x")),
            .extensionAPIs(.notSeen(node: "cp1", because: "x")),
            .extensionAPIs(.configMapDeleted(client: "kubectl with x")),
            .witness(.cleared(["a", "b"])), .witness(.presentedNotSeen(because: "x")),
            .witness(.acceptanceNotSeen(node: "cp1", because: "x")),
            .rotation(.continues(since: "T")), .rotation(.aborts(since: "T")), .rotation(.abortedBeforeNewCA),
            .rotation(.replacesDropped(subject: "CN=a")),
        ]
        #expect(
            notes.map(\.text) == [
                "stopping: the node in progress is finished first; a second ^C ends the run at once",
                "stopping: the current step is finished first, a wait is not; a second ^C ends the run at once",
                "stopping: the canary's objects are removed first; a second ^C ends the run at once",
                "note: kubectl with x: old", "left behind", "note: the APIServices cannot be listed: x",
                "note: v1.a does not answer through cp1 before the change, so the run does not wait for it: x",
                "note: cp1: cannot see whether extension APIs answer: x",
                "kubectl with x may not change the ConfigMap kube-system/extension-apiserver-authentication, so it is "
                    + "deleted; the API servers write it again",
                "removed objects of a killed canary: a, b",
                "cannot see which certificate aggregators present: x",
                "cp1: cannot see whether its new certificate is accepted: x",
                "continuing the rotation that began at T", "aborting the rotation that began at T",
                "aborted before a new CA was made: no control plane was changed",
                "CN=a was dropped before and is trusted again: replacing it",
            ])
    }

    @Test func whatARotationChecksFirst() {
        let notes: [StageNote.Preflight] = [
            .controlPlanes(3), .skipped(nodes: ["cp3"]), .undone(nodes: ["cp1", "cp2"]),
            .moves(from: ["/a", "/b"]), .emergencyOrder,
            .againAfterwards(since: "T"), .replacesAgain, .replacesOtherLeaves, .would(.undo(node: "cp1")),
            .would(.move(from: ["/a"])), .would(.takeEmergencyOrder), .would(.continueWith(.drop)),
            .would(.returnToOldCA),
            .would(.waitForExtensions(2)),
            .would(.waitInVain(.init(endpoint: "192.0.2.1:443", service: "a/b", why: "it is off"))),
            .would(.end),
        ]
        #expect(
            stage(notes.map(StageNote.preflight)) == [
                "S0 preflight: 3 control planes",
                "S0 preflight: cp3 skipped: no requestheader CA there yet; run init afterwards",
                "S0 preflight: an interrupted change of cp1, cp2 was undone",
                "S0 preflight: bringing /a, /b to the paths of the spec, one control plane after the other",
                "S0 preflight: continuing in the order of an emergency",
                "S0 preflight: for keys that others may have got since T, run it again afterwards",
                "S0 preflight: replacing the CA again: the one that is trusted now was made before its keys were known "
                    + "to be in danger",
                "S0 preflight: replacing the CA again: the control planes present certificates that another copy of the "
                    + "state directory has issued under the one that is trusted now",
                "S0 preflight: an interrupted change of cp1 would be undone first",
                "S0 preflight: it would first bring /a to the paths of the spec, with a restart of each control plane in turn",
                "S0 preflight: it would continue in the order of an emergency",
                "S0 preflight: it would continue with S6 drop", "S0 preflight: it would return to the old CA",
                "S0 preflight: it would wait for 2 extension API servers to trust the new CA",
                "S0 preflight: it would probably stop in stage S3 (extensions): 192.0.2.1:443 of a/b: it is off",
                "S0 preflight: it would end: no control plane was changed",
            ])
    }

    @Test func whatARotationIssues() {
        let notes: [StageNote.Issue] = [
            .ca(subject: "CN=a", until: Self.day, keepsKey: true),
            .ca(subject: "CN=a", until: Self.day, keepsKey: false), .clients(1, issuer: "CN=a"),
            .crossCertificate(subject: "CN=a", issuer: "CN=b", until: Self.day), .noCrossCertificate,
        ]
        #expect(
            stage(notes.map(StageNote.issue)) == [
                "S1 issue: CN=a, until 2023-11-14", "S1 issue: CN=a, until 2023-11-14, whose key is not kept",
                "S1 issue: 1 proxy client certificate signed by CN=a",
                "S1 issue: cross certificate CN=a, signed by CN=b, until 2023-11-14: it follows each new proxy client "
                    + "certificate in its file",
                "S1 issue: --cross-sign has no effect on an abort: the old CA stays",
            ])
    }

    @Test func whomARotationWaitsFor() {
        func reader(_ standing: TrustReaderNote.Standing) -> TrustReaderNote {
            TrustReaderNote(node: "cp1", reader: "kube-scheduler (process 12)", standing)
        }
        #expect(
            stage([.trust(.installs), .trust(.reader(reader(.waits))), .trust(.reached)]) == [
                "S2 trust: installing both CAs on every control plane",
                "S2 trust: cp1: waiting for kube-scheduler (process 12), which reads the same CA file",
                "S2 trust: reached: every API server has loaded both",
            ])
        let standings: [TrustReaderNote.Standing] = [
            .reached(.loadsBoth), .reached(.trustsNoMore(subjects: ["CN=a", "CN=b"])),
            .skipped(why: "is old"),
            .cannotBeChecked(why: "x"), .asksForNoCertificate, .namesNoCA, .notWaitedFor(why: "is old"),
        ]
        #expect(
            standings.map { reader($0).text } == [
                "cp1: kube-scheduler (process 12) has loaded both",
                "cp1: kube-scheduler (process 12) does not trust CN=a, CN=b any more",
                "cp1: skipped (--accept-laggard): kube-scheduler (process 12) is old",
                "cp1: kube-scheduler (process 12) cannot be checked: x",
                "cp1: kube-scheduler (process 12) asks for no client certificate",
                "cp1: kube-scheduler (process 12) cannot be checked: it does not say whose client certificates it accepts",
                "cp1: kube-scheduler (process 12) is old. Not waited for: restart it",
            ])
    }

    @Test func whichExtensionServersARotationWaitsFor() {
        let notes: [StageNote.Extensions] = [
            .notChecked, .waits(subject: "CN=a"), .found(2),
            .notWaitedFor(Self.server, isVouchedFor: false), .notWaitedFor(Self.server, isVouchedFor: true),
            .vouchedFor(endpoint: "192.0.2.9:443", service: "ns/a", issuer: "CN=b", until: Self.day),
            .reached, .reachedWithout(1),
        ]
        #expect(
            stage(notes.map(StageNote.extensions)) == [
                "S3 extensions: not checked: there is no kubeconfig",
                "S3 extensions: waiting until every extension API server trusts CN=a",
                "S3 extensions: 2 extension API servers behind APIServices",
                "S3 extensions: 192.0.2.9:443 of ns/a: it is old. Not waited for: restart it; until then it answers 401 "
                    + "and trusts anyone who has the old key",
                "S3 extensions: 192.0.2.9:443 of ns/a: it is old. Not waited for: restart it; until then it trusts "
                    + "anyone who has the old key",
                "S3 extensions: 192.0.2.9:443 of ns/a trusts CN=b and not the new CA: it accepts the new certificates "
                    + "through the cross certificate, until 2023-11-14; restart it before",
                "S3 extensions: reached", "S3 extensions: not waited for: 1",
            ])
    }

    @Test func howARotationEnds() {
        #expect(
            stage([
                .leaves(subject: "CN=a"), .soak(seconds: 90, until: UnixTime(seconds: 0)),
                .drop(.removes(subjects: ["CN=a", "CN=b"])),
                .drop(.reader(TrustReaderNote(node: "cp1", reader: "x", .namesNoCA))),
                .drop(.watchesConfigMap(seconds: 60, until: UnixTime(seconds: 60))), .drop(.reached),
            ]) == [
                "S4 leaves: installing a certificate of CN=a on every control plane",
                "S5 soak: waiting 90 s, until 1970-01-01T00:00:00Z: then connections with old certificates have ended",
                "S6 drop: removing CN=a, CN=b from every control plane",
                "S6 drop: cp1: x cannot be checked: it does not say whose client certificates it accepts",
                "S6 drop: the extension API servers' ConfigMap gets one CA only; watching it for 60 s, "
                    + "until 1970-01-01T00:01:00Z",
                "S6 drop: reached",
            ])
        let notes: [StageNote.Proof] = [
            .waitsForRefusal, .refused, .waitsForExtensions, .extensionsNotSeen, .skipped(Self.server),
            .reached, .reachedBefore, .abortedBeforeCertificates,
            .oldKey(node: "cp1", path: "/k", .removed), .oldKey(node: "cp1", path: "/k", .replaced),
            .oldKey(node: "cp1", path: "/k", .inUse(by: "p")),
            .oldKey(node: "cp1", path: "/k", .unknown),
            .staysValid(subject: "CN=a", issuer: "CN=b", until: Self.day),
        ]
        #expect(
            stage(notes.map(StageNote.proof)) == [
                "S7 proof: waiting until every API server refuses the certificates of the CA that is dropped",
                "S7 proof: every API server answers 401 to the certificates of the CA that is dropped",
                "S7 proof: waiting until no extension API server trusts the CA that is dropped",
                "S7 proof: cannot see whether extension API servers still trust the CA that is dropped: there is no kubeconfig",
                "S7 proof: skipped (--accept-laggard): 192.0.2.9:443 of ns/a: it is old, and anyone with the old key",
                "S7 proof: reached: the certificates of the CA that is dropped are refused, and their keys are destroyed",
                "S7 proof: reached before", "S7 proof: reached: aborted before a certificate was made",
                "S7 proof: cp1: /k was the key of the old CA: removed",
                "S7 proof: cp1: /k was the key of the old CA: replaced by the new CA's (certificates.ca.onNodes)",
                "S7 proof: cp1: /k is the key of the old CA, and p uses it: kept; kubeadm fails while it lies beside the new CA",
                "S7 proof: cp1: /k is not the key of the new CA: kept; remove it if nothing else uses it, since kubeadm fails while "
                    + "it lies there",
                "S7 proof: the cross certificate of CN=a, signed by CN=b, stays valid until 2023-11-14; the key that it "
                    + "is for is destroyed",
            ])
    }

    @Test func whatTheSystemRefusesToProtect() {
        #expect(
            Hardening.Risk.allCases.map { Hardening.Gap(risk: $0, why: "no").text } == [
                "no, so freed memory may keep parts of private keys",
                "no, so after a crash a core file may hold private keys",
                "no, so other processes of this user can read its memory",
            ])
    }
}
