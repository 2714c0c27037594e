// SPDX-License-Identifier: Apache-2.0

import APIServerAccess
import ClusterPlan

/// The servers behind the cluster's APIServices, asked as an aggregator would: from a control plane.
struct ExtensionServers: Sendable {
    let run: Run
    let kubectl: Kubectl

    /// One server of one APIService.
    struct Endpoint: Sendable, Hashable {
        /// `NAMESPACE/NAME` of the Service.
        let service: String
        let address: String
        /// nil where the Service and its endpoints do not name the same port.
        let port: Int?

        var place: String { port.map { "\(address):\($0)" } ?? address }
    }

    /// What is wrong with one server.
    struct Laggard: Sendable, Equatable {
        let service: String
        let endpoint: String
        let why: String
        /// Whether it trusts the CA before the new one: a cross certificate by that would be enough for it.
        var trustsPrevious = false
    }

    /// How long an extension server is given to read a changed ConfigMap; its watch may back off for half a minute.
    static let seconds = 90
    /// How long one is given that takes the new proxy clients either way.
    static let vouchedSeconds = 30

    /// Waits until every server that asks for a client certificate has loaded `generation`.
    /// - Parameters:
    ///   - previous: the name of the CA before it.
    ///   - isVouchedFor: whether those who trust only that one take the new proxy clients too.
    ///   - accepted: `NAMESPACE/NAME` of Services that are not waited for.
    ///   - seconds: how long they are waited for at most.
    /// - Returns: what is left when the time is over; empty where all have it.
    func laggards(
        without generation: CAGeneration, after previous: [UInt8]?, isVouchedFor: Bool,
        accepted: Set<String>, seconds: Int = Self.seconds, _ progress: (String) -> Void
    ) async throws -> [Laggard] {
        let endpoints = try await endpoints()
        progress("\(endpoints.count) extension server\(endpoints.count == 1 ? "" : "s") behind APIServices")
        let vouched = isVouchedFor ? min(seconds, Self.vouchedSeconds) : seconds
        return try await wait(
            for: endpoints.filter { !accepted.contains($0.service) },
            { $0.allSatisfy(\.trustsPrevious) ? vouched : seconds },
            { Self.laggard($0, naming: $1, generation, previous) })
    }

    /// Waits until no server names any of `generations` any more.
    /// - Parameter accepted: `NAMESPACE/NAME` of Services that nothing waits for; they are asked too.
    /// - Returns: as `laggards`.
    func trusting(
        _ generations: [CAGeneration], notWaitingFor accepted: Set<String>, seconds: Int
    ) async throws -> [Laggard] {
        try await wait(
            for: endpoints(), { $0.allSatisfy { accepted.contains($0.service) } ? 0 : seconds }
        ) { endpoint, names in
            let trusted = generations.first { names.contains($0.certificate.subjectDER) }
            let why =
                names.isEmpty
                ? "it asks for a client certificate and does not say whose it trusts"
                : trusted.map { "it still trusts \($0.certificate.subject)" }
            return why.map { Laggard(service: endpoint.service, endpoint: endpoint.place, why: $0) }
        }
    }

    /// Asks each server again and again until nothing is wrong with the names of the CAs that it trusts.
    /// - Parameter seconds: how long those are waited for that are left.
    private func wait(
        for endpoints: [Endpoint], _ seconds: ([Laggard]) -> Int,
        _ judge: (Endpoint, [[UInt8]]) -> Laggard?
    ) async throws -> [Laggard] {
        let begin = ContinuousClock.now
        var open = endpoints
        while true {
            var laggards: [Laggard] = []
            for endpoint in open {
                if let laggard = laggard(endpoint, judge) { laggards.append(laggard) }
            }
            if laggards.isEmpty || ContinuousClock.now >= begin + .seconds(seconds(laggards)) {
                return laggards
            }
            let left = Set(laggards.map(\.endpoint))
            open = open.filter { left.contains($0.place) }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func laggard(
        _ endpoint: Endpoint, _ judge: (Endpoint, [[UInt8]]) -> Laggard?
    ) -> Laggard? {
        func laggard(_ why: String) -> Laggard {
            Laggard(service: endpoint.service, endpoint: endpoint.place, why: why)
        }
        guard let port = endpoint.port else {
            return laggard("its port cannot be told from the Service's endpoints")
        }
        do {
            guard let node = run.nodes.first else { return nil }
            let tunnel = try run.link(node).tunnel
            // Dialled where the aggregator dials, since nobody else may have a way there.
            tunnel?.take()
            let report = try TLSHandshakeProbe.handshake(
                APIServerEndpoint(address: endpoint.address, port: port, tunnel: tunnel),
                trust: .nobody)
            // One that asks for no certificate takes nobody's word for a user.
            guard let names = report.acceptedCANames else { return nil }
            return judge(endpoint, names)
        } catch {
            return laggard("it cannot be asked: \(error)")
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
    static func problem(_ names: [[UInt8]], _ generation: CAGeneration) -> String? {
        // It may check the certificate all the same: what it does not say cannot be waited for.
        if names.isEmpty { return "it asks for a client certificate and does not say whose it trusts" }
        return names.contains(generation.certificate.subjectDER)
            ? nil : "it does not trust \(generation.certificate.subject) yet"
    }

    // MARK: - Who they are

    /// Every server of every APIService that is not the API server itself, sorted.
    func endpoints() async throws -> [Endpoint] {
        var services: [String: Set<Int>] = [:]
        for backend in try await backends() { services[backend.service, default: []].insert(backend.port) }
        var endpoints: Set<Endpoint> = []
        for (service, ports) in services.sorted(by: { $0.key < $1.key }) {
            for port in ports.sorted() { endpoints.formUnion(try await self.endpoints(service, port)) }
        }
        return endpoints.sorted { ($0.service, $0.place) < ($1.service, $1.place) }
    }

    /// An APIService that is served by somebody else than kube-apiserver.
    struct Backend: Sendable, Equatable {
        /// Of the APIService, for example `v1beta1.metrics.k8s.io`.
        let name: String
        /// `NAMESPACE/NAME` of the Service behind it.
        let service: String
        let port: Int
        let isAvailable: Bool
    }

    /// In the order of their names; without canaries, which nobody needs.
    func backends() async throws -> [Backend] {
        let list = try await kubectl.get(["apiservices.apiregistration.k8s.io", "--output", "json"])
        return (list["items"]?.elements ?? []).compactMap(Backend.init)
            .filter { !CanaryManifests.isReserved($0.name, in: CanaryManifests.apiServices) }
            .sorted { $0.name < $1.name }
    }

    private func endpoints(_ service: String, _ port: Int) async throws -> [Endpoint] {
        let parts = service.split(separator: "/").map(String.init)
        let place = [parts[1], "--namespace", parts[0], "--ignore-not-found", "--output", "json"]
        guard let description = try await kubectl.find(["service"] + place) else { return [] }
        if description["spec"]?["type"]?.text == "ExternalName",
            let name = description["spec"]?["externalName"]?.text
        {
            return [Endpoint(service: service, address: name, port: port)]
        }
        let wanted = description["spec"]?["ports"]?.elements.first { $0["port"]?.integer == port }
        let name = wanted?["name"]?.text
        guard let list = try await kubectl.find(["endpoints"] + place) else { return [] }
        var endpoints: [Endpoint] = []
        for subset in list["subsets"]?.elements ?? [] {
            let ports = subset["ports"]?.elements ?? []
            let number = (ports.first { $0["name"]?.text == name } ?? (ports.count == 1 ? ports[0] : nil))?[
                "port"]?
                .integer
            for address in (subset["addresses"]?.elements ?? [])
                + (subset["notReadyAddresses"]?.elements ?? [])
            {
                guard let ip = address["ip"]?.text else { continue }
                endpoints.append(Endpoint(service: service, address: ip, port: number))
            }
        }
        return endpoints
    }
}

extension ExtensionServers.Backend {
    /// nil for an APIService without a Service, which kube-apiserver serves itself.
    init?(_ item: LocatedJSON) {
        guard let name = item["metadata"]?["name"]?.text, let service = item["spec"]?["service"],
            let serviceName = service["name"]?.text, let namespace = service["namespace"]?.text
        else { return nil }
        let available = item["status"]?["conditions"]?.elements.first { $0["type"]?.text == "Available" }
        self.init(
            name: name, service: "\(namespace)/\(serviceName)", port: service["port"]?.integer ?? 443,
            isAvailable: available?["status"]?.text == "True")
    }
}
