// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Spec
import TLS
import Values

/// The canary's API objects in the cluster: found, made, removed; none that is not ours is ever touched.
package struct CanaryObjects: Sendable {
    let kubectl: Kubectl
    /// Whether the cluster knows `discovery.k8s.io/v1`.
    let hasSlices: Bool
    /// Whether an aggregator of the cluster may find servers by Endpoints.
    let hasEndpoints: Bool

    /// An object under a reserved name.
    package struct Found: Sendable {
        let collection: String
        let name: String
        let uid: String
        /// nil for one that this program has not made, whatever its label says.
        let run: String?
        let place: String
        let certificate: String

        var path: String { "\(collection)/\(name)" }
    }

    /// - Parameter versions: of the control planes whose aggregators are led to it, as far as they are known.
    package init(_ kubectl: Kubectl, for versions: [KubernetesVersion?] = []) async throws {
        self.kubectl = kubectl
        let api = try await ClusterAPI(kubectl)
        hasSlices = api.slices == "v1"
        hasEndpoints = (versions + [api.version]).contains(where: ClusterAPI.readsEndpoints) || !hasSlices
    }

    private static let label = "app.kubernetes.io%2Fmanaged-by%3D\(CanaryManifests.managedBy.value)"

    /// Every object with our label under a reserved name, in the order in which they must be removed.
    func find() async throws -> [Found] {
        var found: [Found] = []
        let collections =
            [CanaryManifests.apiServices, CanaryManifests.services]
            + (hasEndpoints ? [CanaryManifests.endpoints] : []) + (hasSlices ? [CanaryManifests.slices] : [])
        for collection in collections {
            // By the label alone: a cluster may have more APIServices than one answer is to hold.
            let list = try await kubectl.get(["--raw", "\(collection)?labelSelector=\(Self.label)"])
            found += (list["items"]?.elements ?? []).compactMap { Self.found($0, in: collection) }
        }
        return found
    }

    private static func found(_ item: LocatedJSON, in collection: String) -> Found? {
        guard let metadata = item["metadata"], let name = metadata["name"]?.text,
            let uid = metadata["uid"]?.text, CanaryManifests.isReserved(name, in: collection)
        else { return nil }
        func mark(_ key: String) -> String? { metadata["annotations"]?[key]?.text }
        return Found(
            collection: collection, name: name, uid: uid,
            run: mark(CanaryManifests.runMark), place: mark(CanaryManifests.placeMark) ?? "",
            certificate: mark(CanaryManifests.certificateMark) ?? "")
    }

    /// Removes what a killed run left.
    /// - Returns: what was removed.
    /// - Throws: `canary/exists` where something under a reserved name is not ours, `canary/running` where the run that
    ///   made it still answers; nothing is removed then.
    package func clearLeftovers() async throws -> [Found] {
        let found = try await find()
        if let foreign = found.first(where: { $0.run == nil }) {
            throw Self.taken(foreign.path)
        }
        for (place, certificate) in Set(found.map { [$0.place, $0.certificate] }).map({ ($0[0], $0[1]) })
        where Self.answers(place, certificate) {
            throw BootstrapError(
                "canary/running", status: .locked,
                "cannot create the canary: another one answers at \(place)",
                hint: "wait until that run has ended, then run it again")
        }
        try await remove(found)
        return found
    }

    /// Makes an object.
    /// - Throws: `canary/exists` where there is one of that name.
    func make(_ collection: String, _ name: String, _ object: OrderedJSON) async throws {
        do {
            try await kubectl.send(.create, collection, object)
        } catch let error as BootstrapError where error.message.description.contains("AlreadyExists") {
            throw Self.taken("\(collection)/\(name)")
        }
    }

    private static func taken(_ path: String) -> BootstrapError {
        BootstrapError(
            "canary/exists",
            "cannot create the canary: \(path) exists, and aggbootstrap did not create it for this run",
            hint:
                "look at it (kubectl get --raw \(path)), then rename or remove it: the canary needs these names"
        )
    }

    /// Whether the run that left this still listens: by its certificate, since the port may be somebody else's by now.
    private static func answers(_ place: String, _ certificate: String) -> Bool {
        guard let given = try? CanaryAddress(place), let port = given.port else { return false }
        let endpoint = APIServerEndpoint(address: given.address.description, port: port)
        let timeouts = RequestTimeouts(connect: .seconds(2), total: .seconds(3))
        let trust = ServerTrust.pinned(certificatePEM: Array(certificate.utf8))
        return (try? TLSHandshakeProbe.handshake(endpoint, trust: trust, timeouts: timeouts)) != nil
    }

    /// Removes these very objects, and none that has taken the name of one since.
    func remove(_ objects: [Found]) async throws {
        for object in objects {
            let options = OrderedJSON.object([
                .init("apiVersion", .text("v1")), .init("kind", .text("DeleteOptions")),
                .init("preconditions", .object([.init("uid", .text(object.uid))])),
            ])
            do {
                try await kubectl.send(.delete, object.path, options)
            } catch let error as BootstrapError where error.message.description.contains("NotFound") {
                // A controller was faster, or somebody else.
            }
        }
    }

    /// Removes whatever `run` has made, and looks that nothing is left.
    /// - Throws: `canary/left-behind` with the commands that remove it.
    func removeAll(of run: String) async throws {
        var cause: (any Error)?
        var left: [Found] = []
        for attempt in 0..<5 {
            if attempt > 0 { try? await Task.sleep(for: .seconds(1)) }
            do {
                left = try await find().filter { $0.run == run }
                if left.isEmpty { return }
                try await remove(left)
                left = try await find().filter { $0.run == run }
                if left.isEmpty { return }
            } catch {
                cause = error
            }
        }
        throw BootstrapError(
            "canary/left-behind",
            "cannot remove the canary's objects: \(cause.map { ErrorReport($0).message } ?? "they still exist")",
            hint: "run verify --canary again, which removes them, or run these commands",
            details: left.map { "kubectl delete --raw \($0.path)" })
    }
}
