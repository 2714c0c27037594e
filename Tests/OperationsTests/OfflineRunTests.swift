// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import LocalFiles
@testable import NodeAccess
@testable import Operations
@testable import PKI
@testable import Planning
@testable import Proofs
@testable import Spec
@testable import StateStore
@testable import Values

@Suite struct OfflineRunTests {
    static let keys = [
        #"{ "algorithm": "rsa", "size": 2048 }"#, #"{ "algorithm": "ecdsa", "size": 384 }"#,
        #"{ "algorithm": "ed25519" }"#,
    ]

    @Test(arguments: zip(keys, ["true", "false", "true"]))
    func openSSLVerifiesWhatIsIssued(key: String, perNode: String) async throws {
        let cluster = try OfflineCluster(
            OfflineCluster.spec(
                #"""
                "certificates": { "ca": { "key": \#(key) }, "proxyClient": { "key": \#(key), "perNode": \#(perNode),
                  "hosts": ["127.0.0.1", "::1", "kubernetes.default"] } },
                """#, nodes: ["cp1", "cp2"]))
        let outcome = try await cluster.converge()
        #expect(outcome.issued == (perNode == "true" ? 3 : 2) && outcome.filesWritten == 8)
        for node in ["cp1", "cp2"] { #expect(try cluster.opensslVerify(node) == "OK") }
        let pairs = try ["cp1", "cp2"].map {
            try #require(try FileReader.read("\(cluster.root)/\($0)/etc/kubernetes/ssl/aggregator-key.pem"))
        }
        #expect((pairs[0] == pairs[1]) == (perNode == "false"))
        let before = treeListing(cluster.root)
        #expect(try await cluster.converge().isNothing)
        #expect(treeListing(cluster.root) == before)
        let proofs = try await cluster.run().controlPlanes.prove().flatMap(\.proofs)
        #expect(!proofs.contains { $0.outcome == .failed }, "\(proofs)")
    }

    /// Years go by: each run is followed by one that does nothing, and at every time the certificate verifies.
    @Test func renewals() async throws {
        let cluster = try OfflineCluster(
            OfflineCluster.spec(
                #""certificates": { "ca": { "validity": "3y" }, "proxyClient": { "validity": "365d" } },"#))
        var (now, issued) = (OfflineCluster.now, [Int]())
        for _ in 0..<12 {
            issued.append(try await cluster.converge(at: now).issued)
            #expect(try cluster.opensslVerify("cp1", at: now) == "OK")
            #expect(try await cluster.converge(at: now).isNothing)
            now = now.advanced(bySeconds: 89 * 86400)
        }
        // Due at 243 days of 365; the last one ends with its CA and is not issued again and again.
        #expect(issued == [2, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0])
        let inventory = try cluster.state.inventory()
        #expect(inventory.generations.count == 1)
        #expect(inventory.leaves["cp1"]?.certificate.notAfter == inventory.current?.certificate.notAfter)
        let error = await #expect(throws: BootstrapError.self) {
            try await cluster.converge(at: now.advanced(bySeconds: 100 * 86400))
        }
        #expect(error?.code == "plan/ca-expired")
    }

    /// What has drifted is put right, and nothing else is touched.
    @Test(arguments: [
        "chmod 0644 aggregator-key.pem", "chmod 0600 aggregator-ca.pem", "rm aggregator.pem",
        "rm aggregator-key.pem",
        ": >aggregator-ca.pem", "rm aggregator-ca.pem", "echo x >>aggregator.pem",
        "echo x >>aggregator-key.pem",
        "chmod 0 ../../systemd/system/*/zz-aggregation.conf", "rm -r ../../systemd",
        "sed -i s/aggregator/x/ ../../systemd/system/*/zz-aggregation.conf",
    ])
    func drift(change: String) async throws {
        let unit = "usr/lib/systemd/system/kube-apiserver.service"
        let cluster = try OfflineCluster()
        try cluster.directory.write(EmbeddedDefault.baseUnit, to: "out/cp1/\(unit)")
        try await cluster.converge()
        func files() throws -> [String] {
            try TestSupport.run(
                "sh", ["-c", "find cp1 -type f -exec stat -c '%n %a' {} + -exec sha256sum {} + | sort"],
                currentDirectory: cluster.root
            ).stdout.split(separator: "\n").map(String.init)
        }
        let right = try files()
        let result = try TestSupport.run(
            "bash", ["-c", change], currentDirectory: "\(cluster.root)/cp1/etc/kubernetes/ssl")
        #expect(result.status == 0)
        #expect(try files() != right)
        let outcome = try await cluster.converge()
        #expect((outcome.issued, outcome.filesWritten) == (0, 1))
        #expect(try files() == right)
    }

    @Test func oneNodeOfThree() async throws {
        let cluster = try OfflineCluster(OfflineCluster.spec(nodes: ["cp1", "cp2", "cp3"]))
        #expect(try await cluster.converge(limit: ["cp2"]).issued == 2)
        #expect(try FileReader.list(cluster.root) == [".state", "cp2"])
        #expect(try await cluster.converge().issued == 2)
        for node in ["cp1", "cp2", "cp3"] { #expect(try cluster.opensslVerify(node) == "OK") }
    }

    /// Two first runs at once: the second one must not issue a second CA from what it saw before the first.
    @Test func twoFirstRuns() async throws {
        let cluster = try OfflineCluster()
        let late = try cluster.run()
        let lock = try late.lockExisting()
        #expect(lock == nil)
        let stale = try await Change.toSpec(late).prepare()
        try await cluster.converge()
        let before = treeListing(cluster.root + "/cp1")
        let error = await #expect(throws: BootstrapError.self) {
            try await Change.toSpec(late).apply(stale, lock: lock)
        }
        #expect(error?.code == "state/changed" && error?.status == .locked)
        #expect(treeListing(cluster.root + "/cp1") == before)
        #expect(try cluster.state.inventory().generations.count == 1)
    }

    /// The record names every certificate and change, and no secret.
    @Test func theLedger() async throws {
        let cluster = try OfflineCluster()
        try await cluster.converge()
        let text = String(
            decoding: try #require(try FileReader.read("\(cluster.root)/.state/ledger.jsonl")), as: UTF8.self)
        let entries = try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String])
        }
        #expect(entries.map { $0["event"] } == ["issued-ca", "issued-leaf", "apply-begin", "apply-done"])
        #expect(entries.allSatisfy { $0["time"] == OfflineCluster.now.description })
        #expect(entries.allSatisfy { ($0["by"] ?? "").contains(/^[^@]+@[^@]+$/) })
        let ca = try #require(try cluster.state.inventory().current)
        #expect(entries[0]["sha256"] == ca.certificate.fingerprintSHA256)
        #expect(!text.contains("PRIVATE"))
        let odd = "a\"b\\c\u{1}\n\u{7f}é"
        try Ledger(state: cluster.state).append("test", [("odd", odd)], now: OfflineCluster.now)
        let all = String(
            decoding: try #require(try FileReader.read("\(cluster.root)/.state/ledger.jsonl")), as: UTF8.self)
        let last = try #require(all.split(separator: "\n").last)
        let entry = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: String]
        #expect(entry?["odd"] == odd)
    }
}
