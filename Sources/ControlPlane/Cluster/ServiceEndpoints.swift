// SPDX-License-Identifier: Apache-2.0

import Spec

/// The servers behind a Service, as its EndpointSlices and its Endpoints list them.
package enum ServiceEndpoints {
    /// Where one server is.
    package struct Place: Sendable, Hashable {
        package let address: String
        /// nil where the Service and the list do not name the same port.
        package let port: Int?
        /// Whether an aggregator would send requests there now.
        package let isReady: Bool
    }

    /// Every place in a list of EndpointSlices, of all slices and both families.
    ///
    /// As for an aggregator, a server whose readiness is not said is ready; one that is not ready is listed too, since it
    /// may become so at any time.
    /// - Parameter port: the name of the Service's port; empty for one without a name.
    static func places(inSlices list: LocatedJSON, port: String) -> [Place] {
        unique(
            (list["items"]?.elements ?? []).flatMap { slice -> [Place] in
                let number = number(of: port, in: slice["ports"]?.elements ?? [])
                return (slice["endpoints"]?.elements ?? []).flatMap { endpoint -> [Place] in
                    let isReady = endpoint["conditions"]?["ready"]?.flag ?? true
                    return (endpoint["addresses"]?.elements ?? []).compactMap(\.text)
                        .map { Place(address: $0, port: number, isReady: isReady) }
                }
            })
    }

    /// Every place in an Endpoints object.
    static func places(inEndpoints object: LocatedJSON, port: String) -> [Place] {
        unique(
            (object["subsets"]?.elements ?? []).flatMap { subset -> [Place] in
                let number = number(of: port, in: subset["ports"]?.elements ?? [])
                return ["addresses": true, "notReadyAddresses": false].sorted { $0.key < $1.key }
                    .flatMap { key, isReady in
                        (subset[key]?.elements ?? []).compactMap { $0["ip"]?.text }
                            .map { Place(address: $0, port: number, isReady: isReady) }
                    }
            })
    }

    /// The same places once each, sorted; ready where one of them is.
    static func unique(_ places: [Place]) -> [Place] {
        let sorted = places.sorted {
            ($0.address, $0.port ?? 0, $0.isReady ? 0 : 1) < ($1.address, $1.port ?? 0, $1.isReady ? 0 : 1)
        }
        return sorted.reduce(into: []) { known, place in
            if known.last?.address == place.address, known.last?.port == place.port { return }
            known.append(place)
        }
    }

    private static func number(of name: String, in ports: [LocatedJSON]) -> Int? {
        let named = ports.first { ($0["name"]?.text ?? "") == name }
        return (named ?? (ports.count == 1 ? ports[0] : nil))?["port"]?.integer
    }
}

extension Kubectl {
    /// The places of a Service's servers, from its EndpointSlices; from its Endpoints too where an aggregator may read
    /// these, or where it has no slices.
    /// - Parameter port: the name of the Service's port.
    package func places(
        of service: String, in namespace: String, port: String, _ api: ClusterAPI
    ) async throws -> [ServiceEndpoints.Place] {
        var places: [ServiceEndpoints.Place] = []
        if let version = api.slices {
            let path = "/apis/discovery.k8s.io/\(version)/namespaces/\(namespace)/endpointslices"
            let selector = "kubernetes.io%2Fservice-name%3D\(service)"
            let list = try await get(["--raw", "\(path)?labelSelector=\(selector)"])
            places = ServiceEndpoints.places(inSlices: list, port: port)
        }
        if places.isEmpty || ClusterAPI.readsEndpoints(api.version) {
            let arguments = ["endpoints", service, "--namespace", namespace]
            if let object = try await find(arguments + ["--ignore-not-found", "--output", "json"]) {
                places += ServiceEndpoints.places(inEndpoints: object, port: port)
            }
        }
        return ServiceEndpoints.unique(places)
    }
}
