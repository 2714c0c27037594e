// SPDX-License-Identifier: Apache-2.0

import PKI
import Planning
import Spec
import Values

/// The requestheader CAs that the API servers tell extension servers to trust: the ConfigMap
/// `kube-system/extension-apiserver-authentication`, to which API servers only ever add.
package struct PublishedCAs: Sendable {
    let kubectl: Kubectl
    let say: @Sendable (RunNote) -> Void

    package init(kubectl: Kubectl, say: @escaping @Sendable (RunNote) -> Void) {
        self.kubectl = kubectl
        self.say = say
    }

    package static let name = "kube-system/extension-apiserver-authentication"
    private static let object = [
        "configmap", "extension-apiserver-authentication", "--namespace", "kube-system",
    ]
    private static let key = "requestheader-client-ca-file"
    /// How often a replacement is tried that somebody else was faster than.
    private static let attempts = 10

    /// One state of the ConfigMap.
    private struct State {
        let resourceVersion: String
        /// SHA-256 of each CA.
        let fingerprints: Set<String>
    }

    /// SHA-256 of each CA in it; empty where it does not exist at the moment.
    package func fingerprints() async throws -> Set<String> { try await read()?.fingerprints ?? [] }

    private func read() async throws -> State? {
        let json = try await kubectl.find(Self.object + ["--ignore-not-found", "--output", "json"])
        guard let json, let version = json["metadata"]?["resourceVersion"]?.text else { return nil }
        let pem = json["data"]?[Self.key]?.text ?? ""
        return State(
            resourceVersion: version,
            fingerprints: try Certificate.fingerprints(
                pem: Array(pem.utf8), path: "the ConfigMap \(Self.name)"))
    }

    /// Has it hold `kept` alone.
    ///
    /// The member is replaced in place, and only where nobody has written it meanwhile: while the ConfigMap does not exist,
    /// extension servers of a newer k8s.io/apiserver trust nobody (kubernetes#140219). It is deleted only where the
    /// administrator may not change it; the API servers then write what they have loaded.
    /// - Throws: `rotation/not-pruned` where others write it again and again.
    package func keepOnly(_ kept: CAGeneration) async throws {
        for attempt in 0..<Self.attempts {
            if attempt > 0 { try await Task.sleep(for: .milliseconds(300)) }
            guard let state = try await read() else { return }
            guard !state.fingerprints.isSubset(of: [kept.certificate.fingerprintSHA256]) else { return }
            let data = OrderedJSON.object([
                .init(Self.key, .text(String(decoding: kept.pem, as: UTF8.self)))
            ])
            do {
                return try await kubectl.patch(
                    Self.object, resourceVersion: state.resourceVersion, [.init("data", data)])
            } catch let error as BootstrapError where error.message.description.contains("(Conflict)") {
                continue
            } catch let error as BootstrapError where error.message.description.contains("(Forbidden)") {
                say(.extensionAPIs(.configMapDeleted(client: kubectl.description)))
                try await kubectl.output(["delete"] + Self.object + ["--ignore-not-found"])
                return
            }
        }
        throw BootstrapError(
            "rotation/not-pruned", status: .proofFailed,
            "cannot update the ConfigMap \(Self.name): another client changed it each time",
            hint: "find out who writes it (kubectl get --show-managed-fields), then run it again")
    }
}
