// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import NodeAccess
@testable import Operations
@testable import PKI
@testable import Planning
@testable import Spec
@testable import StateStore
@testable import Values

/// What a state says of itself: records, names, the cluster's name.
@Suite struct StateRecordTests {
    private let cluster: OfflineCluster

    init() throws { cluster = try OfflineCluster(OfflineCluster.spec(nodes: ["cp1", "cp2"])) }

    private var path: String { cluster.state.path }

    private func bash(_ script: String) throws {
        let result = try run("bash", ["-c", script], currentDirectory: path)
        #expect(result.status == 0, "\(result.stderr)")
    }

    private func expectDamage(_ says: String, sourceLocation: Testing.SourceLocation = #_sourceLocation)
        async throws
    {
        let before = treeListing(cluster.root)
        let error = await #expect(throws: BootstrapError.self, sourceLocation: sourceLocation) {
            try await cluster.converge()
        }
        #expect(error?.code == "state/damaged", sourceLocation: sourceLocation)
        #expect(
            error?.message.contains(says) == true, "\(error?.message ?? "")", sourceLocation: sourceLocation)
        #expect(treeListing(cluster.root) == before, sourceLocation: sourceLocation)
    }

    /// Where `issued` does not name the certificate, the ledger does; where that does not either, the key tells.
    @Test(arguments: [2, 3], [true, false]) func recordsOfEarlierVersions(lines: Int, hasLedger: Bool)
        async throws
    {
        try await cluster.converge()
        let inventory = try cluster.state.inventory()
        try bash("for f in leaves/*/0001/issued; do head -n \(lines) $f >x; cat x >$f; done; rm x")
        if !hasLedger { try bash("sed -i /issued-leaf/d ledger.jsonl") }
        #expect(try cluster.state.inventory() == inventory)
        #expect(try await cluster.converge().isNothing)
        try bash("cat leaves/cp2/0001/certificate.pem >leaves/cp1/0001/certificate.pem")
        try await expectDamage(hasLedger ? "certificate.pem: it is another" : "key.pem: it does not belong")
        try bash("cat leaves/cp2/0001/key.pem >leaves/cp1/0001/key.pem")
        if hasLedger {
            try await expectDamage("certificate.pem: it is another")
        } else if lines == 3 {
            try await expectDamage("key.pem: it is another key")
        }
    }

    /// Sorted as text, 9999 would come after 10000, and be taken for the newest.
    @Test func numbersAreNumbers() async throws {
        try await cluster.converge()
        // As an earlier version wrote it, so that it does not tell that it is the same one.
        try bash("cp -a leaves/cp1/0001 leaves/cp1/9999 && mv leaves/cp1/0001 leaves/cp1/10000")
        try bash("head -n 3 leaves/cp1/9999/issued >x && cat x >leaves/cp1/9999/issued && rm x")
        #expect(try cluster.state.ids("leaves/cp1") == ["9999", "10000"])
        #expect(try cluster.state.inventory().leaves["cp1"]?.id == "10000")
        let due = OfflineCluster.now.advanced(bySeconds: 300 * 86400)
        #expect(try await cluster.converge(at: due).issued == 2)
        #expect(try cluster.state.inventory().leaves["cp1"]?.id == "10001")
    }

    /// A copy beside the newest is not taken for a newer one, and two names that only Unicode takes for one are two.
    @Test(arguments: [
        ("cp -a leaves/cp1/0001 leaves/cp1/0001.bak", "0001.bak: its name does not begin with a number"),
        ("cp -a ca/0001-* ca/old", "ca/old: its name does not begin with a number"),
        ("cp -a ca/0001-* ca/0002-copy", "and not the CA that 0002-copy is named after"),
        (
            #"cp -a ca/0001-* $'ca/0002-caf\u00e9'; cp -a ca/0001-* $'ca/0002-cafe\u0301'"#,
            "is named after"
        ),
    ])
    func aDirectoryThatIsNoneOfOurs(change: String, says: String) async throws {
        try await cluster.converge()
        try bash(change)
        try await expectDamage(says)
    }

    /// Whose state it is is not guessed; a directory without a state is made one.
    @Test(arguments: [
        ("rm cluster", "cluster: it is missing"), (": >cluster", "cluster: it is empty"),
        ("rm -r cluster ca leaves", "cluster: it is missing"),
    ])
    func theClusterFile(change: String, says: String) async throws {
        try await cluster.converge()
        try bash(change)
        try await expectDamage(says)
        try bash("echo demo >cluster")
        #expect(throws: Never.self) { try cluster.state.inventory() }
    }

    @Test func aDirectoryWithoutAState() async throws {
        try cluster.directory.write("mine", to: "out/.state/README")
        #expect(try await cluster.converge().issued == 3)
    }

    /// Others could have read it: said, and changed by nobody but its owner.
    @Test func keysThatOthersMayRead() async throws {
        try await cluster.converge()
        #expect(
            try await Change.toSpec(cluster.run()).prepare().plan.notices.allSatisfy {
                $0.code != "plan/exposed-keys"
            })
        try bash("chmod 644 leaves/cp1/0001/key.pem; chmod 640 ca/*/ca-key.pem")
        let notices = try await Change.toSpec(cluster.run()).prepare().plan.notices
        let message = try #require(notices.first { $0.code == "plan/exposed-keys" }).message
        #expect(message.contains("ca-key.pem and 1 more") && message.contains("chmod 600"), "\(message)")
    }
}
