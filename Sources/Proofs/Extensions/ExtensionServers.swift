// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Spec
import Values

/// The servers behind the cluster's APIServices: who they are, and which CAs they have loaded.
package struct ExtensionServers: Sendable {
    let controlPlanes: ControlPlanes
    let kubectl: Kubectl

    package init(controlPlanes: ControlPlanes, kubectl: Kubectl) {
        self.controlPlanes = controlPlanes
        self.kubectl = kubectl
    }

    /// One server of one APIService.
    package struct Endpoint: Sendable, Hashable {
        /// `NAMESPACE/NAME` of the Service.
        package let service: String
        let address: String
        /// nil where the Service and its endpoints do not name the same port.
        let port: Int?
        /// Whether an aggregator would send requests there now.
        var isReady = true

        package var place: String {
            guard let port else { return address }
            return address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
        }
    }

    /// What is wrong with one server.
    package struct Laggard: Sendable, Equatable {
        package let service: String
        package let endpoint: String
        package let why: Message
        /// Whether it trusts the CA before the new one: a cross certificate by that would be enough for it.
        package var trustsPrevious = false
    }

    /// How long an extension server is given to read a changed ConfigMap; its watch may back off for half a minute.
    package static let seconds = 90
    /// How long one is given that takes the new proxy clients either way.
    static let vouchedSeconds = 30
    /// How often the cluster is asked who they are, while one is waited for: a restarted one has another address.
    private static let refreshSeconds = 5

    /// Waits until every server that asks for a client certificate has loaded `generation`.
    /// - Parameters:
    ///   - previous: the name of the CA before it.
    ///   - isVouchedFor: whether those who trust only that one take the new proxy clients too.
    ///   - accepted: `NAMESPACE/NAME` of Services that are not waited for.
    ///   - seconds: how long they are waited for at most.
    /// - Returns: what is left when the time is over; empty where all have it.
    package func laggards(
        without generation: CAGeneration, after previous: [UInt8]?, isVouchedFor: Bool,
        accepted: Set<String>, seconds: Int = Self.seconds, _ found: (_ servers: Int) -> Void
    ) async throws -> [Laggard] {
        let endpoints = try await endpoints()
        found(endpoints.count)
        let vouched = isVouchedFor ? min(seconds, Self.vouchedSeconds) : seconds
        return try await wait(
            endpoints, passing: accepted,
            { $0.allSatisfy(\.trustsPrevious) ? vouched : seconds },
            { Self.laggard($0, naming: $1, generation, previous) })
    }

    /// Looks once who cannot be asked, and who trusts none of these CAs.
    /// - Parameter names: of the CAs that the control planes trust.
    package func distrusting(_ names: Set<[UInt8]>, _ found: (_ servers: Int) -> Void) async throws
        -> [Laggard]
    {
        let endpoints = try await endpoints()
        found(endpoints.count)
        return try await wait(endpoints, passing: [], { _ in 0 }) { endpoint, trusted in
            guard names.isDisjoint(with: trusted) else { return nil }
            return Laggard(
                service: endpoint.service, endpoint: endpoint.place,
                why: trusted.isEmpty
                    ? "it asks for a client certificate and does not say whose it trusts"
                    : "it does not trust the CA that the control planes have now")
        }
    }

    /// Waits until no server names any of `generations` any more.
    /// - Parameter accepted: `NAMESPACE/NAME` of Services that nothing waits for; they are asked too.
    /// - Returns: as `laggards`.
    package func trusting(
        _ generations: [CAGeneration], notWaitingFor accepted: Set<String>, seconds: Int
    ) async throws -> [Laggard] {
        try await wait(
            endpoints(), passing: [], { $0.allSatisfy { accepted.contains($0.service) } ? 0 : seconds }
        ) { endpoint, names in
            let trusted = generations.first { names.contains($0.certificate.subjectDER) }
            let why: Message? =
                names.isEmpty
                ? "it asks for a client certificate and does not say whose it trusts"
                : trusted.map { "it still trusts \($0.certificate.subject)" as Message }
            return why.map { Laggard(service: endpoint.service, endpoint: endpoint.place, why: $0) }
        }
    }

    /// Asks each server again and again until nothing is wrong with the names of the CAs that it trusts.
    /// - Parameters:
    ///   - endpoints: the servers at the beginning.
    ///   - passing: `NAMESPACE/NAME` of Services that are not asked.
    ///   - seconds: how long those are waited for that are left.
    private func wait(
        _ endpoints: [Endpoint], passing: Set<String>, _ seconds: ([Laggard]) -> Int,
        _ judge: @escaping @Sendable (Endpoint, [[UInt8]]) -> Laggard?
    ) async throws -> [Laggard] {
        let begin = ContinuousClock.now
        let survey = ExtensionSurvey(controlPlanes: controlPlanes, judge: judge)
        var open = endpoints.filter { !passing.contains($0.service) }
        var settled: Set<String> = []
        var read = begin
        while true {
            let laggards = await survey.laggards(among: open)
            if laggards.isEmpty || ContinuousClock.now >= begin + .seconds(seconds(laggards)) {
                return laggards
            }
            let left = Set(laggards.map(\.endpoint))
            settled.formUnion(open.map(\.place).filter { !left.contains($0) })
            try await controlPlanes.pause(.seconds(1))
            if ContinuousClock.now >= read + .seconds(Self.refreshSeconds) {
                read = .now
                open = try await self.endpoints().filter { !passing.contains($0.service) }
            }
            open = open.filter { !settled.contains($0.place) }
        }
    }

    /// What is wrong with a server that names these CAs; nil where nothing is.
    static func laggard(
        _ endpoint: Endpoint, naming names: [[UInt8]], _ generation: CAGeneration, _ previous: [UInt8]?
    ) -> Laggard? {
        problem(names, generation).map { why in
            Laggard(
                service: endpoint.service, endpoint: endpoint.place, why: why,
                trustsPrevious: previous.map(names.contains) ?? false)
        }
    }

    /// - Parameter names: of the CAs that a server says it accepts client certificates of.
    static func problem(_ names: [[UInt8]], _ generation: CAGeneration) -> Message? {
        // It may check the certificate all the same: what it does not say cannot be waited for.
        if names.isEmpty { return "it asks for a client certificate and does not say whose it trusts" }
        return names.contains(generation.certificate.subjectDER)
            ? nil : "it does not trust \(generation.certificate.subject) yet"
    }

    // MARK: - Who they are

    /// Every server of every APIService that is not the API server itself, sorted.
    package func endpoints() async throws -> [Endpoint] {
        let backends = try await backends()
        guard !backends.isEmpty else { return [] }
        let api = try await ClusterAPI(kubectl)
        var endpoints: [Endpoint] = []
        for backend in Set(backends.map { Service(name: $0.service, port: $0.port) }).sorted() {
            endpoints += try await self.endpoints(backend.name, backend.port, api)
        }
        return Set(endpoints).sorted { ($0.service, $0.place) < ($1.service, $1.place) }
    }

    private struct Service: Hashable, Comparable {
        let name: String
        let port: Int

        static func < (a: Self, b: Self) -> Bool { (a.name, a.port) < (b.name, b.port) }
    }

    /// An APIService that is served by somebody else than kube-apiserver.
    package struct Backend: Sendable, Equatable {
        /// Of the APIService, for example `v1beta1.metrics.k8s.io`.
        package let name: String
        /// Where an API server serves it: `/apis/GROUP/VERSION`.
        let path: String
        /// `NAMESPACE/NAME` of the Service behind it.
        package let service: String
        let port: Int
        package let isAvailable: Bool
        /// What kube-apiserver says of that, for example `FailedDiscoveryCheck: no response from ...`.
        package let why: String?
    }

    /// In the order of their names; without canaries, which nobody needs.
    package func backends() async throws -> [Backend] {
        let list = try await kubectl.get(["apiservices.apiregistration.k8s.io", "--output", "json"])
        return (list["items"]?.elements ?? []).compactMap(Backend.init)
            .filter { !CanaryManifests.isReserved($0.name, in: CanaryManifests.apiServices) }
            .sorted { $0.name < $1.name }
    }

    private func endpoints(_ service: String, _ port: Int, _ api: ClusterAPI) async throws -> [Endpoint] {
        let parts = service.split(separator: "/").map(String.init)
        let place = [parts[1], "--namespace", parts[0], "--ignore-not-found", "--output", "json"]
        guard let description = try await kubectl.find(["service"] + place) else { return [] }
        if description["spec"]?["type"]?.text == "ExternalName",
            let name = description["spec"]?["externalName"]?.text
        {
            return [Endpoint(service: service, address: name, port: port)]
        }
        let wanted = description["spec"]?["ports"]?.elements.first { $0["port"]?.integer == port }
        let places = try await kubectl.places(
            of: parts[1], in: parts[0], port: wanted?["name"]?.text ?? "", api)
        return places.map {
            Endpoint(service: service, address: $0.address, port: $0.port, isReady: $0.isReady)
        }
    }
}

extension ExtensionServers.Backend {
    /// nil for an APIService without a Service, which kube-apiserver serves itself.
    init?(_ item: LocatedJSON) {
        guard let name = item["metadata"]?["name"]?.text, let service = item["spec"]?["service"],
            let serviceName = service["name"]?.text, let namespace = service["namespace"]?.text,
            let group = item["spec"]?["group"]?.text, let version = item["spec"]?["version"]?.text
        else { return nil }
        let available = item["status"]?["conditions"]?.elements.first { $0["type"]?.text == "Available" }
        let why = ["reason", "message"].compactMap { available?[$0]?.text }.filter { !$0.isEmpty }
        self.init(
            name: name, path: "/apis/\(group)/\(version)", service: "\(namespace)/\(serviceName)",
            port: service["port"]?.integer ?? 443, isAvailable: available?["status"]?.text == "True",
            why: why.isEmpty ? nil : SafeText.line(why.joined(separator: ": ")))
    }
}
