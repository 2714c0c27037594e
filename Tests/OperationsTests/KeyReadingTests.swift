// SPDX-License-Identifier: Apache-2.0

import Foundation
import Secrets
import TestSupport
import Testing

@testable import ControlPlane
@testable import LocalFiles
@testable import NodeAccess
@testable import OpenSSL
@testable import PKI
@testable import Planning
@testable import Spec
@testable import StateStore
@testable import SystemdUnits
@testable import TLS
@testable import Values

/// A private key leaves a node, or the state, for those alone who present it or sign with it.
@Suite struct KeyReadingTests {
    private static let key = "/etc/kubernetes/ssl/aggregator-key.pem"
    private static let unit = "kube-apiserver.service"
    private let cluster: OfflineCluster
    private let journal = Journal()
    private let node: JournaledNode
    private let link: NodeLink

    init() async throws {
        cluster = try OfflineCluster()
        try await cluster.converge()
        node = JournaledNode("\(cluster.root)/cp1", journal)
        link = NodeLink(node: node, units: nil, tunnel: nil)
    }

    private func connection() throws -> APIServerConnection {
        // The certificate by which the server is known may be any.
        let flags = EffectiveFlags.parse(arguments: [
            "--tls-cert-file=/etc/kubernetes/ssl/aggregator.pem", "--bind-address=127.0.0.1",
            "--secure-port=1",
        ])
        let spec = try ClusterSpec.parse(
            Array(OfflineCluster.spec().replacing("cp1.example.org", with: "127.0.0.1").utf8),
            fileName: "spec")
        return try APIServerConnection(
            spec: spec, nodeSpec: try #require(spec.nodes.first), flags: flags,
            link: link)
    }

    /// As after each restart, every 250 ms.
    @Test func readinessNeedsNoKey() async throws {
        for _ in 0..<3 {
            let answer = await (try connection()).readiness()
            guard case .unseen = answer else {
                Issue.record("\(answer)")
                return
            }
        }
        #expect(journal.secretsRead == [])
        #expect(try connection().identity != nil)
        #expect(journal.secretsRead == [Self.key])
    }

    @Test func aKeyIsReadOnceAsLongAsItIsTheSame() async throws {
        for _ in 0..<3 {
            let one = try connection()
            for _ in 0..<3 { #expect(try one.identity != nil) }
        }
        #expect(journal.secretsRead.count == 1)
        try await cluster.converge(at: OfflineCluster.now.advanced(bySeconds: 300 * 86400))
        let new = try #require(try connection().identity)
        let leaf = try #require(try cluster.state.inventory().leaves["cp1"])
        #expect(new.certificatePEM == leaf.pem && journal.secretsRead.count == 2)
        #expect(try Digest.sha256Hex(new.keyPEM) == leaf.keySHA256)
        #expect(try connection().identity != nil && journal.secretsRead.count == 2)
        try node.remove(Self.key)
        #expect(try connection().identity == nil)
    }

    /// Copies that a node keeps are made there.
    @Test func aTransactionReadsNoKey() async throws {
        let paths = [Self.key, "/etc/kubernetes/ssl/aggregator.pem"]
        let before = try files()
        func begin() throws -> NodeTransaction {
            try NodeTransaction.begin(
                unit: Self.unit, paths: paths, madeDirectories: [], wasServing: true, baseDigests: [:],
                now: OfflineCluster.now, on: node)
        }
        let transaction = try begin()
        let key = try #require(try FileReader.read("\(cluster.root)/cp1\(Self.key)"))
        #expect(transaction.entries[0].before?.sha256 == (try Digest.sha256Hex(key)))
        for path in paths { try node.write(path, .text("new"), mode: 0o644) }
        // Begun again over the one that was cut off.
        try begin().restore(unit: Self.unit)
        try transaction.drop(unit: Self.unit)
        let after = try files()
        #expect(after == before && after.contains("aggregator-key.pem"))
        #expect(journal.secretsRead == [])
    }

    /// Names, modes, owners and contents.
    private func files() throws -> String {
        let line =
            "find etc -printf '%p %m %U:%G\\n' | sort; find etc -type f -exec sha256sum {} + | sort -k2"
        return try run("bash", ["-c", line], currentDirectory: "\(cluster.root)/cp1").stdout
    }

    @Test func lookingAtANodeReadsNoKey() throws {
        let file = try NodeFiles(node: node, reader: CertificateReader()).observe(Self.key, isSecret: true)
        #expect(try file.sha256 == cluster.state.inventory().leaves["cp1"]?.keySHA256)
        #expect(file.content == nil && file.mode == 0o600 && journal.secretsRead == [])
    }
}
