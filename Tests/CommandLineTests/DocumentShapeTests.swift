// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The same thing has the same shape in every command's JSON.
@Suite struct DocumentShapeTests {
    private static let common = ["--spec", "cluster.json", "--root", "out", "--state", "state", "-o", "json"]

    private func document(_ command: [String], in directory: TemporaryDirectory) throws -> [String: Any] {
        let result = try aggbootstrap(command + Self.common, in: directory)
        #expect(result.status == 0, "\(result.stderr)")
        let value = try JSONSerialization.jsonObject(with: Data(result.stdout.utf8))
        return try #require(value as? [String: Any])
    }

    @Test func whatIsProvedOfANode() throws {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        var shapes: [[String]] = []
        var versions: Set<Int> = []
        for command in [["init"], ["init"], ["rotate"], ["verify"]] {
            let document = try document(command, in: directory)
            #expect(document["proofs"] == nil && document["error"] == nil)
            versions.insert(try #require(document["schemaVersion"] as? Int))
            let nodes = try #require(document["nodes"] as? [[String: Any]])
            #expect(nodes.compactMap { $0["name"] as? String } == ["cp1", "cp2", "cp3"])
            for node in nodes {
                let proofs = try #require(node["proofs"] as? [[String: Any]])
                let certificates = try #require(node["certificates"] as? [[String: Any]])
                #expect(proofs.count >= 7 && certificates.count == 2)
                shapes += (proofs + certificates).map { $0.keys.sorted() }
            }
        }
        #expect(versions == [2])
        #expect(
            Set(shapes) == [
                ["name", "outcome", "text"],
                ["notAfter", "notBefore", "path", "role", "serial", "sha256", "subject"],
            ])
    }

    /// A monitor of certificates that end needs no other program; openssl(1) says what is right.
    @Test func whatLiesOnANode() throws {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        _ = try document(["init"], in: directory)
        let nodes = try #require(try document(["verify"], in: directory)["nodes"] as? [[String: Any]])
        for node in nodes {
            let name = try #require(node["name"] as? String)
            let certificates = try #require(node["certificates"] as? [[String: String]])
            #expect(certificates.map { $0["role"] } == ["proxyClient", "ca"])
            for certificate in certificates {
                let file = try #require(certificate["path"])
                let line = """
                    openssl x509 -in out/\(name)\(file) -noout -dateopt iso_8601 -serial -enddate -startdate -subject \
                        -nameopt RFC2253 -fingerprint -sha256
                    """
                let judged = try shell(line, in: directory).stdout
                let digest = judged.components(separatedBy: "ingerprint=").last?.replacing(":", with: "")
                    .trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
                #expect(digest == certificate["sha256"])
                func time(_ key: String) -> String {
                    (certificate[key] ?? "").replacing("T", with: " ")
                }
                #expect(judged.contains("notAfter=\(time("notAfter"))\n"), "\(judged) \(certificate)")
                #expect(judged.contains("notBefore=\(time("notBefore"))\n"))
                #expect(judged.contains("serial=\(certificate["serial"]?.uppercased() ?? "-")\n"))
                #expect(judged.contains("subject=\(certificate["subject"] ?? "-")\n"))
            }
        }
    }
}
