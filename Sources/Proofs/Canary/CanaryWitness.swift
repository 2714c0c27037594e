// SPDX-License-Identifier: Apache-2.0

import PKI
import Synchronization
import TLS
import Values

/// The temporary extension API: discovery and one resource, which holds nothing. It remembers what came with the words
/// that it was told to wait for, which nobody can guess, and answers everybody the same.
final class CanaryWitness: Sendable {
    static let group = "canary.aggbootstrap.io"
    static let resource = "canaries"

    private let sightings = Mutex<[String: CanarySighting?]>([:])

    /// Whether an answer to `word` is this witness's.
    static func isAnswer(_ text: String, to word: String) -> Bool {
        text.contains("\"aggbootstrap-saw-\(word)\"")
    }

    /// From now on, what comes with `word` is remembered.
    func expect(_ word: String) { sightings.withLock { $0[word] = .some(nil) } }

    func forget(_ word: String) { sightings.withLock { $0[word] = nil } }

    /// What came with `word`, the first time; nil where nothing has.
    func sighting(_ word: String) -> CanarySighting? { sightings.withLock { $0[word] ?? nil } }

    func reply(to request: ReceivedRequest) -> ServerReply {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard request.method == "GET", parts.count >= 4, parts[0] == "", parts[1] == "apis",
            parts[2] == Self.group, Self.isVersion(parts[3])
        else { return Self.notFound }
        let version = "\(Self.group)/\(parts[3])"
        if parts.count == 4 {
            let word = request.query.split(separator: "&").first { $0.hasPrefix("probe=") }?.dropFirst(6)
            return ServerReply(status: 200, json: Self.discovery(version, note(String(word ?? ""), request)))
        }
        guard parts.count == 6, parts[4] == Self.resource, let seen = note(parts[5], request) else {
            return Self.notFound
        }
        return ServerReply(status: 200, json: Self.object(version, seen))
    }

    /// - Returns: the word, where it is waited for.
    private func note(_ word: String, _ request: ReceivedRequest) -> String? {
        sightings.withLock { sightings in
            guard let known = sightings[word] else { return nil }
            if known == nil {
                sightings[word] = CanarySighting(
                    presented: request.presented, users: request.values("x-remote-user"),
                    groups: request.values("x-remote-group"))
            }
            return word
        }
    }

    private static func isVersion(_ text: String) -> Bool {
        text.utf8.first == UInt8(ascii: "v") && text.utf8.count > 1
            && text.utf8.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func discovery(_ version: String, _ word: String?) -> String {
        let seen = word.map { ", \"seen\": \"aggbootstrap-saw-\($0)\"" } ?? ""
        return """
            {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "\(version)", "resources": \
            [{"name": "\(resource)", "singularName": "canary", "namespaced": false, "kind": "Canary", \
            "verbs": ["get"]}]\(seen)}
            """
    }

    private static func object(_ version: String, _ word: String) -> String {
        """
        {"kind": "Canary", "apiVersion": "\(version)", "metadata": {"name": "\(word)"}, \
        "seen": "aggbootstrap-saw-\(word)"}
        """
    }

    private static let notFound = ServerReply(
        status: 404,
        json: """
            {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "NotFound", "code": 404}
            """)
}
