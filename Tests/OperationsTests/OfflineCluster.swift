// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import ControlPlane
@testable import NodeAccess
@testable import Operations
@testable import Planning
@testable import StateStore
@testable import SystemdBus
@testable import Values

extension ApplyOutcome {
    /// Whether nothing was issued, written or restarted.
    var isNothing: Bool { keysEncrypted + issued + filesWritten + restarts == 0 }
}

/// A cluster of files below a temporary directory, with a clock that the test sets.
struct OfflineCluster {
    let directory: TemporaryDirectory
    let specFile: String
    static let now = UnixTime(year: 2026, month: 1, day: 1)

    init(_ spec: String = OfflineCluster.spec()) throws {
        directory = try TemporaryDirectory()
        specFile = try directory.write(spec, to: "cluster.json")
    }

    static func spec(_ members: String = "", nodes: [String] = ["cp1"]) -> String {
        let list = nodes.map { "{ \"name\": \"\($0)\", \"address\": \"\($0).example.org\" }" }
        return """
            { "apiVersion": "aggbootstrap/v1", "cluster": "demo", \(members)
              "nodes": [\(list.joined(separator: ", "))] }
            """
    }

    var root: String { directory.file("out") }
    var state: StateDirectory { StateDirectory(path: directory.file("out/.state"), cluster: "demo") }

    func run(at now: UnixTime = OfflineCluster.now, limit: [String] = []) throws -> Run {
        let effects = Effects(
            now: { now }, progress: { _ in },
            systemBus: {
                Issue.record("an offline run asked for the bus")
                throw CancellationError()
            })
        return try Run(RunRequest(specFile: specFile, root: root, limit: limit), effects: effects)
    }

    /// What `init` does.
    @discardableResult
    func converge(at now: UnixTime = OfflineCluster.now, limit: [String] = []) async throws -> ApplyOutcome {
        let run = try run(at: now, limit: limit)
        let lock = try run.lockExisting()
        let preparation = try await Change.toSpec(run).prepare()
        if let refusal = preparation.refusal { throw refusal }
        if preparation.plan.isEmpty { return ApplyOutcome() }
        let outcome = try await Change.toSpec(run).apply(preparation, lock: lock)
        if let failure = outcome.failure { throw failure }
        return outcome
    }

    /// What openssl(1) says of a node's certificate at a time; `OK` where it verifies as a TLS client's.
    func opensslVerify(_ node: String, at now: UnixTime = OfflineCluster.now) throws -> String {
        let ssl = "\(root)/\(node)/etc/kubernetes/ssl"
        let result = try TestSupport.run(
            "openssl",
            [
                "verify", "-x509_strict", "-attime", "\(now.seconds)", "-purpose", "sslclient", "-CAfile",
                "\(ssl)/aggregator-ca.pem", "\(ssl)/aggregator.pem",
            ])
        return result.status == 0 ? "OK" : result.stdout + result.stderr
    }
}
