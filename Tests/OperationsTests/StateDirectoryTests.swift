// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import LocalFiles
@testable import NodeAccess
@testable import OpenSSL
@testable import PKI
@testable import Planning
@testable import StateStore
@testable import Values

@Suite struct StateDirectoryTests {
    private let cluster: OfflineCluster

    init() throws { cluster = try OfflineCluster() }

    private var path: String { cluster.state.path }

    @Test func whatIsStoredIsReadBack() async throws {
        #expect(try cluster.state.inventory() == StateInventory(directory: cluster.state.path))
        try await cluster.converge()
        let inventory = try cluster.state.inventory()
        let generation = try #require(inventory.current)
        let leaf = try #require(inventory.leaves["cp1"])
        let suffix = try #require(generation.certificate.subjectKeyIdentifier).prefix(8)
        #expect(generation.id == "0001-\(suffix)" && leaf.id == "0001" && leaf.generation == generation.id)
        let ca = try Certificate.parse(pem: generation.pem, path: "ca.pem")
        let certificate = try Certificate.parse(pem: leaf.pem, path: "certificate.pem")
        #expect(try KeyPair.matches(certificate: ca, key: cluster.state.authority(generation).key))
        let key = try cluster.state.leafKey(leaf, owner: "cp1")
        #expect(try KeyPair.matches(certificate: certificate, key: key))
        #expect(try Digest.sha256Hex(key) == leaf.keySHA256)
        // Nobody but the owner gets at any of it.
        for directory in ["", "/ca", "/ca/\(generation.id)", "/leaves", "/leaves/cp1", "/leaves/cp1/0001"] {
            #expect(fileMode(path + directory) == "700", "\(directory)")
        }
        for file in ["ca/\(generation.id)/ca-key.pem", "leaves/cp1/0001/key.pem", "lock", "ledger.jsonl"] {
            #expect(fileMode("\(path)/\(file)") == "600", "\(file)")
        }
        #expect(try FileReader.list(path) == ["ca", "cluster", "leaves", "ledger.jsonl", "lock"])
    }

    /// What a killed run left half made is not seen, and is gone before the next change.
    @Test func unfinishedDirectories() async throws {
        try await cluster.converge()
        let inventory = try cluster.state.inventory()
        let left = [
            "ca/.unfinished-0002-aa/ca-key.pem", "leaves/cp1/.unfinished-0002/.key.pem.aggbootstrap-tmp",
        ]
        for name in left { try cluster.directory.write("half", to: "out/.state/\(name)") }
        #expect(try cluster.state.inventory() == inventory)
        #expect(try await cluster.converge().isNothing)
        let lock = try cluster.state.lock()
        try cluster.state.prepareForChange()
        withExtendedLifetime(lock) {}
        for name in left {
            #expect(fileMode("\(path)/\(AtomicFileWriter.split(name).directory)") == "missing")
        }
        #expect(try cluster.state.inventory() == inventory)
    }

    /// Stopped at the first key that it destroys, the state can still be read: the leaf of it is in it no more.
    @Test func aGenerationHalfDropped() async throws {
        try await cluster.converge()
        let generation = try #require(try cluster.state.inventory().current)
        let key = "out/.state/leaves/cp1/0001/key.pem"
        try FileManager.default.removeItem(atPath: "\(path)/leaves/cp1/0001/key.pem")
        try cluster.directory.write("in the way", to: "\(key)/file")
        #expect(throws: NodeError.self) {
            try cluster.state.dropGeneration(generation.id, because: "replaced")
        }
        #expect(try cluster.state.inventory().leaves.isEmpty)
        let lock = try cluster.state.lock()
        try cluster.state.prepareForChange()
        try cluster.state.dropGeneration(generation.id, because: "replaced")
        withExtendedLifetime(lock) {}
        let inventory = try cluster.state.inventory()
        #expect(inventory.generations.map(\.standing) == [.dropped] && inventory.current == nil)
        #expect(fileMode("\(path)/ca/\(generation.id)/ca-key.pem") == "missing")
    }

    @Test func anotherCluster() async throws {
        try await cluster.converge()
        let other = StateDirectory(path: path, cluster: "other")
        let before = treeListing(path)
        let reading = #expect(throws: BootstrapError.self) { try other.inventory() }
        let locking = #expect(throws: BootstrapError.self) { try other.lock() }
        #expect(reading?.code == "state/other-cluster" && locking?.code == "state/other-cluster")
        #expect(reading?.message.contains("belongs to the cluster demo, not to other") == true)
        #expect(treeListing(path) == before)
    }

    @Test(arguments: [
        ("rm ca/*/ca.pem", "ca.pem: it is missing"), (": >ca/*/ca.pem", "ca.pem: "),
        ("head -c 200 ca/*/ca.pem >x; cat x >$(echo ca/*/ca.pem); rm x", "ca.pem: "),
        ("rm leaves/cp1/0001/key.pem", "key.pem: it is missing"),
        ("rm leaves/cp1/0001/certificate.pem", "certificate.pem: it is missing"),
        ("cp leaves/cp1/0001/key.pem leaves/cp1/0001/certificate.pem", "certificate.pem: "),
        (": >leaves/cp1/0001/issued", "issued: it does not hold two to four lines"),
        ("rm leaves/cp1/0001/issued", "issued: it does not hold two to four lines"),
    ])
    func damage(change: String, says: String) async throws {
        try await cluster.converge()
        #expect(try run("bash", ["-c", change], currentDirectory: path).status == 0)
        let before = treeListing(cluster.root)
        let error = await #expect(throws: BootstrapError.self) { try await cluster.converge() }
        #expect(error?.code == "state/damaged" && error?.hint?.contains("backup") == true)
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
        #expect(treeListing(cluster.root) == before)
    }

    /// The key is only needed where something is issued, and a key of another CA signs nothing.
    @Test(arguments: ["rm ca/*/ca-key.pem", "cp leaves/cp1/0001/key.pem $(echo ca/*/ca-key.pem)"])
    func theCAKeyIsLostOrAnother(change: String) async throws {
        try await cluster.converge()
        #expect(try run("bash", ["-c", change], currentDirectory: path).status == 0)
        #expect(try await cluster.converge().isNothing)
        let files = treeListing("\(cluster.root)/cp1")
        let due = OfflineCluster.now.advanced(bySeconds: 300 * 86400)
        await #expect(throws: (any Error).self) { try await cluster.converge(at: due) }
        #expect(treeListing("\(cluster.root)/cp1") == files)
        #expect(try FileReader.list("\(path)/leaves/cp1") == ["0001"])
    }

    @Test func aFileInItsPlace() async throws {
        try cluster.directory.write("x", to: "out/.state")
        let error = #expect(throws: BootstrapError.self) { try cluster.state.inventory() }
        #expect(error?.code == "state/not-a-directory")
        await #expect(throws: (any Error).self) { try await cluster.converge() }
        #expect(try FileReader.list(cluster.root) == [".state"])
    }
}
