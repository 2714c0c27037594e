// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import PKI
import Planning
import Spec
import TLS
import Values

/// A temporary extension API on this machine, to which every aggregator of the cluster is led: what shows which certificate
/// each one really presents.
///
/// Between `open` and `close` the cluster has an APIService in a reserved group and the Service that it leads to; `close`
/// must be called whatever happens in between.
package final class Canary: Sendable {
    private let controlPlanes: ControlPlanes
    private let objects: CanaryObjects
    private let manifests: CanaryManifests
    private let witness: CanaryWitness
    private let servers: [HTTPSServer]
    /// Of each node, by its name: the route's number and place, or why there is none.
    private let places: [String: Result<CanaryPlace, BootstrapError>]
    private let isStopped: @Sendable () -> Bool
    private let patience: Duration

    /// Starts to listen, and makes the API objects.
    /// - Parameters:
    ///   - address: where control planes reach this machine, if it is not the address that this machine has towards them.
    ///   - patience: how long a probe waits for one node's aggregator.
    ///   - isStopped: asked while it waits.
    /// - Throws: `canary/exists`, `canary/running`, or where it cannot be made; nothing is left then.
    package static func open(
        _ controlPlanes: ControlPlanes, _ kubectl: Kubectl, observed: [ObservedNode],
        address: CanaryAddress? = nil,
        patience: Duration = .seconds(12), isStopped: @escaping @Sendable () -> Bool = { false }
    ) async throws -> Canary {
        let objects = try await CanaryObjects(kubectl, for: observed.map { $0.apiServer?.version })
        let cleared = try await objects.clearLeftovers()
        if !cleared.isEmpty {
            controlPlanes.effects.progress(
                .line(.witness(.cleared(cleared.map(\.name)))))
        }
        let routes = CanaryPlace.routes(controlPlanes, observed, address)
        let distinct = Array(Set(routes.values.compactMap { try? $0.get() }))
        let identity = try CanaryIdentity.make(routes: distinct.count, now: controlPlanes.effects.now())
        let witness = CanaryWitness()
        let servers = try CanaryPlace.listen(distinct, address, identity.presented, witness)
        let places = CanaryPlace.places(controlPlanes, observed, routes, distinct, servers)
        let canary = Canary(
            controlPlanes: controlPlanes, objects: objects,
            manifests: CanaryManifests(
                run: try Self.word(), serverCertificate: identity.leafPEM, caPEM: identity.caPEM),
            witness: witness, servers: servers, places: places, isStopped: isStopped, patience: patience)
        do {
            for (index, route) in distinct.enumerated() {
                try await canary.register(index + 1, route, servers[index])
            }
        } catch {
            throw await canary.close(after: error)
        }
        return canary
    }

    private init(
        controlPlanes: ControlPlanes, objects: CanaryObjects, manifests: CanaryManifests,
        witness: CanaryWitness,
        servers: [HTTPSServer], places: [String: Result<CanaryPlace, BootstrapError>],
        isStopped: @escaping @Sendable () -> Bool, patience: Duration
    ) {
        self.controlPlanes = controlPlanes
        self.objects = objects
        self.manifests = manifests
        self.witness = witness
        self.servers = servers
        self.places = places
        self.isStopped = isStopped
        self.patience = patience
    }

    private func register(_ number: Int, _ route: CanaryRoute, _ server: HTTPSServer) async throws {
        let made = manifests.objects(
            number, route, port: server.port, hasSlices: objects.hasSlices, hasEndpoints: objects.hasEndpoints
        )
        for (collection, object) in made {
            if isStopped() { throw Self.stopped }
            let isAPIService = collection == CanaryManifests.apiServices
            let name = isAPIService ? CanaryManifests.apiService(number) : CanaryManifests.service(number)
            try await objects.make(collection, name, object)
        }
    }

    /// Removes the API objects, and stops to listen.
    /// - Throws: `canary/left-behind` where that does not succeed.
    package func close() async throws {
        defer { for server in servers { server.close() } }
        try await objects.removeAll(of: manifests.run)
    }

    /// Removes the API objects after an error, and stops to listen.
    /// - Returns: that error; what stopped the removal is in its details.
    func close(after error: any Error) async -> any Error {
        do {
            try await close()
            return error
        } catch let second {
            return Self.both(error, second)
        }
    }

    /// An error, and what went wrong when its traces were removed.
    ///
    /// Where the first is none of the canary's own, which a proof could be left open for, the code is that of the
    /// second: objects that are left behind end the run.
    static func both(_ first: any Error, _ second: any Error) -> BootstrapError {
        let (first, second) = (ErrorReport(first), ErrorReport(second))
        let hints = [first.hint, second.hint].compactMap { $0 }
        return BootstrapError(
            first.code.hasPrefix("canary/") ? first.code : second.code, status: first.status, first.message,
            hint: hints.isEmpty ? nil : hints.joined(separator: "; "),
            details: first.details + [second.message] + second.details)
    }

    /// Asks the node's own API server for the canary, until the canary has seen the request or the patience is at its end.
    ///
    /// Each request comes on a new connection of the aggregator: what it presents is what it has loaded by now.
    /// - Throws: `canary/stopped`.
    package func probe(_ node: NodeSpec) async throws -> CanaryAnswer {
        let place: CanaryPlace
        switch places[node.name] {
        case .success(let known)?: place = known
        case .failure(let error)?: return .notReached(error.message)
        case nil: return .notReached("it was not checked")
        }
        let word = try Self.word()
        witness.expect(word)
        defer { witness.forget(word) }
        let end = ContinuousClock.now + patience
        var inquiry = CanaryInquiry(place: place, kubectl: objects.kubectl, word: word)
        while true {
            if isStopped() { throw Self.stopped }
            let isAnswered = await inquiry.ask()
            if var sighting = witness.sighting(word) {
                sighting.isAnswered = isAnswered
                sighting.expectedUser = inquiry.user
                return .seen(sighting)
            }
            guard ContinuousClock.now < end else { break }
            try? await Task.sleep(for: .milliseconds(200))
        }
        let condition: Message = await condition(place.number).map { "; the APIService says \($0)" } ?? ""
        return .notReached(
            "no request reached \(place.listens) in \(patience.components.seconds) s (--canary-address gives another address): "
                + "\(inquiry.answer)\(condition)")
    }

    /// Why the APIService is not available, where it says so.
    private func condition(_ number: Int) async -> Message? {
        let path = "\(CanaryManifests.apiServices)/\(CanaryManifests.apiService(number))"
        let conditions = try? await objects.kubectl.get(["--raw", path])["status"]?["conditions"]
        guard let available = conditions?.elements.first(where: { $0["type"]?.text == "Available" }),
            available["status"]?.text != "True", let reason = available["reason"]?.text
        else { return nil }
        return "\(reason): \(available["message"]?.text ?? "")"
    }

    /// 32 hex digits that nobody can guess.
    private static func word() throws -> String {
        Hex.text(try SerialNumber.random().bytes.suffix(16))
    }

    static let stopped = BootstrapError(
        "canary/stopped", "stopped as asked, before all proofs were made; the canary's objects are removed")
}
