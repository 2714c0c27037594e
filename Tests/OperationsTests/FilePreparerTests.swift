// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import ControlPlane
@testable import LocalFiles
@testable import NodeAccess
@testable import Operations
@testable import OpenSSL
@testable import PKI
@testable import Planning
@testable import StateStore
@testable import Values

@Suite struct FilePreparerTests {
    private let directory: TemporaryDirectory
    private let preparer: FilePreparer

    init() throws {
        directory = try TemporaryDirectory()
        preparer = FilePreparer(
            node: LocalTransport(root: NodeRoot(prefix: directory.path)),
            leafKey: StateDirectory(path: directory.file("state"), cluster: "demo").leafKeys(StateInventory())
        )
        for name in ["a", "b", "c"] { try directory.write("old \(name)", to: "etc/\(name)") }
    }

    private func plan(_ paths: [String], last: FileChange.Content? = nil) -> NodePlan {
        var files = paths.map { path in
            FileChange(
                path: path, action: .replace, content: .text(Array("new".utf8)),
                before: ObservedFile(path: path),
                mode: 0o600, ownerIDs: nil)
        }
        if let last { files[files.count - 1].content = last }
        return NodePlan(name: "cp1", isLive: false, files: files)
    }

    @Test func allOfIt() throws {
        let prepared = try preparer.prepare(plan(["/etc/a", "/etc/b"]))
        #expect(try FileReader.read(directory.file("etc/a")) == Array("old a".utf8))
        try preparer.commit(prepared)
        #expect(try FileReader.read(directory.file("etc/b")) == Array("new".utf8))
        #expect(try FileReader.list(directory.file("etc")) == ["a", "b", "c"])
    }

    @Test func aStepForAllFiles() throws {
        let journal = Journal()
        let counting = JournaledNode(directory.path, journal)
        let preparer = FilePreparer(node: counting, leafKey: preparer.leafKey)
        try preparer.commit(
            try preparer.prepare(plan(["/etc/a", "/etc/b", "/etc/c"])))
        #expect(journal.steps == ["stage a b c", "copy 0", "rename a b c"])
    }

    /// A file that cannot be prepared, or whose content is not there, takes back what was prepared before it.
    @Test(
        arguments: [
            (["/etc/a", "/etc/b", "/missing/c"], nil), (["/etc/a", "/etc/b"], .certificateToIssue),
            (["/etc/a", "/etc/b"], .privateKey(owner: "cp1")),
        ] as [([String], FileChange.Content?)])
    func nothingStays(paths: [String], last: FileChange.Content?) throws {
        let before = treeListing(directory.path).dropFirst().filter { !$0.hasPrefix("etc 4") }
        #expect(throws: (any Error).self) {
            try preparer.prepare(plan(paths, last: last))
        }
        #expect(treeListing(directory.path).dropFirst().filter { !$0.hasPrefix("etc 4") } == before)
    }

    /// While a CA's replacement is called off, a node gets the key of the old CA's leaf, and not the newest one.
    @Test func theKeyOfTheCAThatStays() async throws {
        let cluster = try OfflineCluster()
        try await cluster.converge()
        let (run, state) = (try cluster.run(), cluster.state)
        let old = try #require(try state.inventory().current)
        let profile = CertificateCatalog.ca(run.spec)
        let key = try PrivateKey.generate(profile.key)
        let ca = try CertificateAuthority.issueCA(
            profile, key: key, validity: .init(profile.validity, at: OfflineCluster.now),
            serial: try SerialNumber.random())
        try state.addGeneration(ca, key: key.pem, after: state.inventory())
        let new = try #require(try state.inventory().generations.last)
        let issues = Planner.issues(
            run.spec, inventory: try state.inventory(), now: OfflineCluster.now,
            stage: CertificateStage(bundle: [new], leaves: .signed(by: new)))
        let inventory = try await Issuer(run.spec, state: state, now: OfflineCluster.now)
            .issue(issues, inventory: state.inventory(), signing: new)
        for (signing, leaf) in [
            (old, inventory.leaf(of: "cp1", signedBy: old)), (new, inventory.leaves["cp1"]),
        ] {
            let preparer = FilePreparer(
                node: self.preparer.node, leafKey: state.leafKeys(inventory, signing: signing))
            let plan = plan(["/etc/a"], last: .privateKey(owner: "cp1"))
            try preparer.commit(try preparer.prepare(plan))
            let written = try #require(try FileReader.readSecret(directory.file("etc/a")))
            #expect(try Digest.sha256Hex(written) == leaf?.keySHA256)
        }
    }

    @Test func aRenameThatFails() throws {
        let prepared = try preparer.prepare(plan(["/etc/a", "/etc/b", "/etc/c"]))
        try FileManager.default.removeItem(atPath: directory.file("etc/b"))
        try directory.write("x", to: "etc/b/in-the-way")
        #expect(throws: NodeError.self) { try preparer.commit(prepared) }
        #expect(try FileReader.list(directory.file("etc")) == ["a", "b", "c"])
        #expect(try FileReader.read(directory.file("etc/c")) == Array("old c".utf8))
    }
}
