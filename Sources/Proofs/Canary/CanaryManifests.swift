// SPDX-License-Identifier: Apache-2.0

import NodeAccess
import PKI
import Spec
import TLS
import Values

/// The temporary API objects of one run, as they are made and as they are recognised again.
struct CanaryManifests: Sendable {
    static let namespace = "kube-system"
    static let apiServices = "/apis/apiregistration.k8s.io/v1/apiservices"
    static let services = "/api/v1/namespaces/\(namespace)/services"
    static let endpoints = "/api/v1/namespaces/\(namespace)/endpoints"
    static let slices = "/apis/discovery.k8s.io/v1/namespaces/\(namespace)/endpointslices"

    static let managedBy = (key: "app.kubernetes.io/managed-by", value: "aggbootstrap")
    private static let mark = CanaryWitness.group
    static let runMark = "\(mark)/run"
    /// Where the run listens, and the certificate that it answers with: what tells whether it is still there.
    static let placeMark = "\(mark)/listens"
    static let certificateMark = "\(mark)/certificate"

    /// Told apart from every other run's.
    let run: String
    /// PEM.
    let serverCertificate: [UInt8]
    let caPEM: [UInt8]

    static func apiService(_ number: Int) -> String { "v\(number).\(CanaryWitness.group)" }
    static func service(_ number: Int) -> String { "aggbootstrap-canary-\(number)" }
    static func serverName(_ number: Int) -> String { "\(service(number)).\(namespace).svc" }

    /// Whether nobody else is to have an object of that name in that place.
    static func isReserved(_ name: String, in collection: String) -> Bool {
        if collection == apiServices { return name.hasSuffix(".\(CanaryWitness.group)") }
        let prefix = "aggbootstrap-canary-"
        let rest = name.utf8.dropFirst(prefix.utf8.count)
        return name.hasPrefix(prefix) && !rest.isEmpty && rest.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// What is made for one route, in that order: the APIService last, when all that it leads to is there.
    /// - Parameters:
    ///   - hasSlices: whether the cluster knows `discovery.k8s.io/v1`.
    ///   - hasEndpoints: whether an aggregator of it may look at Endpoints.
    func objects(
        _ number: Int, _ route: CanaryRoute, port: Int, hasSlices: Bool, hasEndpoints: Bool
    ) -> [(collection: String, object: OrderedJSON)] {
        let place = APIServerEndpoint(address: route.address.description, port: port).authority
        var objects: [(String, OrderedJSON)] = []
        let ports = list([.init("port", .integer(port)), .init("protocol", .text("TCP"))])
        switch route.kind {
        case .externalName:
            let spec: [OrderedJSON.Member] = [
                .init("type", .text("ExternalName")), .init("externalName", .text(route.address.description)),
                .init("ports", ports),
            ]
            objects.append((Self.services, service(number, place, spec)))
        case .endpoints:
            objects.append((Self.services, service(number, place, [.init("ports", ports)])))
            if hasEndpoints {
                objects.append((Self.endpoints, endpoints(number, route, place, ports, hasSlices: hasSlices)))
            }
            if hasSlices { objects.append((Self.slices, slice(number, route, place, ports))) }
        }
        objects.append((Self.apiServices, apiService(number, port: port, place)))
        return objects
    }

    private func service(_ number: Int, _ place: String, _ spec: [OrderedJSON.Member]) -> OrderedJSON {
        object("v1", "Service", Self.service(number), place, [.init("spec", .object(spec))])
    }

    private func endpoints(
        _ number: Int, _ route: CanaryRoute, _ place: String, _ ports: OrderedJSON, hasSlices: Bool
    ) -> OrderedJSON {
        let subset = list([
            .init("addresses", list([.init("ip", .text(route.address.description))])),
            .init("ports", ports),
        ])
        // Else kube-controller-manager, where it runs, would make a slice of it that nobody has asked for.
        let labels = hasSlices ? ["endpointslice.kubernetes.io/skip-mirror": "true"] : [:]
        return object(
            "v1", "Endpoints", Self.service(number), place, labels: labels, [.init("subsets", subset)])
    }

    private func slice(
        _ number: Int, _ route: CanaryRoute, _ place: String, _ ports: OrderedJSON
    ) -> OrderedJSON {
        let isIPv4 = route.address.bytes.count == 4
        let endpoint = list([
            .init("addresses", .list([.text(route.address.description)])),
            .init("conditions", .object([.init("ready", .boolean(true))])),
        ])
        return object(
            "discovery.k8s.io/v1", "EndpointSlice", Self.service(number), place,
            labels: ["kubernetes.io/service-name": Self.service(number)],
            [
                .init("addressType", .text(isIPv4 ? "IPv4" : "IPv6")), .init("endpoints", endpoint),
                .init("ports", ports),
            ])
    }

    private func apiService(_ number: Int, port: Int, _ place: String) -> OrderedJSON {
        let service: [OrderedJSON.Member] = [
            .init("namespace", .text(Self.namespace)), .init("name", .text(Self.service(number))),
            .init("port", .integer(port)),
        ]
        return object(
            "apiregistration.k8s.io/v1", "APIService", Self.apiService(number), place, namespace: nil,
            [
                .init(
                    "spec",
                    .object([
                        .init("group", .text(CanaryWitness.group)), .init("version", .text("v\(number)")),
                        // Behind every other API in what clients list.
                        .init("groupPriorityMinimum", .integer(1)), .init("versionPriority", .integer(1)),
                        .init("caBundle", .text(Base64.text(caPEM))), .init("service", .object(service)),
                    ]))
            ])
    }

    private func object(
        _ version: String, _ kind: String, _ name: String, _ place: String,
        namespace: String? = Self.namespace, labels: [String: String] = [:], _ members: [OrderedJSON.Member]
    ) -> OrderedJSON {
        let labels = [Self.managedBy.key: Self.managedBy.value].merging(labels) { $1 }
        let annotations = [
            Self.runMark: run, Self.placeMark: place,
            Self.certificateMark: String(decoding: serverCertificate, as: UTF8.self),
        ]
        var metadata = [OrderedJSON.Member("name", .text(name))]
        if let namespace { metadata.append(.init("namespace", .text(namespace))) }
        metadata += [.init("labels", texts(labels)), .init("annotations", texts(annotations))]
        return .object(
            [
                .init("apiVersion", .text(version)), .init("kind", .text(kind)),
                .init("metadata", .object(metadata)),
            ] + members)
    }

    private func texts(_ values: [String: String]) -> OrderedJSON {
        .object(values.sorted { $0.key < $1.key }.map { .init($0.key, .text($0.value)) })
    }

    /// A list of one object.
    private func list(_ members: [OrderedJSON.Member]) -> OrderedJSON { .list([.object(members)]) }
}
