// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The last line of a run is the truth, and what it says comes next is what comes next.
@Suite struct LastLineTests {
    private static let common = ["--spec", "cluster.json", "--root", "out", "--state", "state"]

    private func lines(_ command: [String], in directory: TemporaryDirectory, status: Int32 = 0) throws
        -> [String]
    {
        let result = try aggbootstrap(command + Self.common, in: directory)
        #expect(result.status == status, "\(result.stdout)\(result.stderr)")
        return result.stdout.split(separator: "\n").map(String.init)
    }

    /// Offline the client CA is not known, so one proof of each node cannot be made.
    @Test func aFailedProofIsNotDone() throws {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        for (command, did) in [
            (["init"], "4 certificates issued, 12 files written, 0 restarts"),
            (["rotate"], "3 certificates issued, 6 files written, 0 restarts"),
            (["init"], "0 certificates issued, 0 files written, 0 restarts"),
        ] {
            let shown = try lines(command + ["--require-proof"], in: directory, status: 4)
            #expect(
                shown.last
                    == "failed: \(did), but 3 of 21 proofs could not be made, and --require-proof is given (status 4): "
                    + "cp1 ca-separation, cp2 ca-separation, cp3 ca-separation")
            #expect(!shown.contains { $0.hasPrefix("done:") || $0.hasPrefix("next:") }, "\(shown)")
        }
        let shown = try lines(["verify", "--require-proof"], in: directory, status: 4)
        #expect(shown.last?.hasPrefix("failed: 3 of 21 proofs could not be made") == true, "\(shown)")
    }

    @Test func aProofThatFailsIsNamed() throws {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        _ = try lines(["init"], in: directory)
        #expect(try shell("cat state/ca/*/ca.pem >client-ca.pem", in: directory).status == 0)
        // The requestheader CA is the client CA too, which no change of ours can better.
        let shared = threeNodes.replacing(
            "\"nodes\"", with: "\"apiServer\": { \"clientCAFile\": \"/etc/client-ca.pem\" },\n  \"nodes\"")
        try directory.write(shared, to: "cluster.json")
        let copy = "mkdir -p out/cp2/etc && cp client-ca.pem out/cp2/etc/"
        #expect(try shell(copy, in: directory).status == 0)
        let result = try aggbootstrap(["verify"] + Self.common, in: directory)
        #expect(result.status == 4)
        let last = result.stdout.split(separator: "\n").last.map(String.init)
        #expect(
            last
                == "failed: 1 of 21 proofs failed (status 4): cp2 ca-separation; aggbootstrap plan "
                + "--spec cluster.json --root out --state state shows what init would fix"
        )
    }

    /// Without its unit, the flags reach kube-apiserver only once the unit uses the variable.
    @Test func theConditionComesWithIt() throws {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        let next = try lines(["init"], in: directory).last
        #expect(next?.contains("add $AGGREGATION_FLAGS to ExecStart= of kube-apiserver.service") == true)
    }

    @Test func whatComesNext() throws {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        let first = try lines(["init"], in: directory)
        #expect(first.last?.contains("and restart it") == true, "\(first)")
        let rotated = try lines(["rotate"], in: directory)
        #expect(
            rotated.last?.hasPrefix("next: install the files below out/NODE/ on each node") == true
                && rotated.last?.contains("kube-apiserver loads them without a restart") == true, "\(rotated)"
        )
        // One that reads its files only when it starts.
        let old = threeNodes.replacing("\"nodes\"", with: "\"kubernetesVersion\": \"1.19\",\n  \"nodes\"")
        try directory.write(old, to: "cluster.json")
        let again = try lines(["rotate"], in: directory)
        #expect(again.last?.contains("and restart kube-apiserver there") == true, "\(again)")
    }

    /// A pair alone makes nothing of a node that has no flags for it.
    @Test func aNodeThatWasNeverInitialised() throws {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        _ = try lines(["init", "--limit", "cp1"], in: directory)
        let before = treeListing(directory.path)
        let refused = try aggbootstrap(["rotate"] + Self.common, in: directory)
        #expect(refused.status == 1)
        #expect(
            refused.stderr.contains("cp2: it has no requestheader CA and no proxy client certificate yet")
                && refused.stderr.contains("[rotation/not-initialised]")
                && refused.stderr.contains("hint: run init first"), "\(refused.stderr)")
        #expect(treeListing(directory.path) == before)
        _ = try lines(["rotate", "--limit", "cp1"], in: directory)
        #expect(!FileManager.default.fileExists(atPath: directory.file("out/cp2")))
    }

    /// What is due elsewhere does not wait for it, when a timer runs.
    @Test func aTimerLeavesSuchANodeAlone() throws {
        let directory = try TemporaryDirectory()
        let short = threeNodes.replacing(
            "\"nodes\"", with: "\"certificates\": { \"proxyClient\": { \"validity\": \"2d\" } },\n  \"nodes\""
        )
        try directory.write(short, to: "cluster.json")
        _ = try lines(["init"], in: directory)
        try directory.write(short.replacing("\"2d\"", with: "\"30d\""), to: "cluster.json")
        try FileManager.default.removeItem(atPath: directory.file("out/cp2"))
        let before = try String(
            contentsOfFile: directory.file("out/cp3/etc/kubernetes/ssl/aggregator.pem"), encoding: .utf8)
        let shown = try lines(["rotate", "--if-due", "--renew-before", "3d"], in: directory, status: 4)
        #expect(
            shown.contains { $0.hasPrefix("note: cp2: skipped") && $0.contains("aggbootstrap init") },
            "\(shown)")
        #expect(!FileManager.default.fileExists(atPath: directory.file("out/cp2")))
        let after = try String(
            contentsOfFile: directory.file("out/cp3/etc/kubernetes/ssl/aggregator.pem"), encoding: .utf8)
        #expect(before != after)
        #expect(shown.last?.contains("(status 4): cp2 files") == true, "\(shown)")
    }
}
