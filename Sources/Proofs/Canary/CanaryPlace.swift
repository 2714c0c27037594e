// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Spec
import SystemdUnits
import TLS
import Values

/// One node's way to the canary: how its API server is asked, and through which APIService.
struct CanaryPlace: Sendable {
    /// Of the APIService.
    let number: Int
    /// `ADDRESS:PORT` of the canary.
    let listens: String
    /// Made for each probe: the pair on the node may be another one by then.
    let connection: @Sendable () throws -> APIServerConnection

    /// The route of each node, by its name, or why it has none.
    static func routes(
        _ controlPlanes: ControlPlanes, _ observed: [ObservedNode], _ given: CanaryAddress?
    ) -> [String: Result<CanaryRoute, BootstrapError>] {
        var routes: [String: Result<CanaryRoute, BootstrapError>] = [:]
        for node in controlPlanes.nodes {
            do {
                let (flags, connection) = try asked(controlPlanes, node, observed)
                routes[node.name] = .success(try .of(flags, connection.endpoint, given: given))
            } catch {
                routes[node.name] = .failure(ControlPlanes.located(error, on: node))
            }
        }
        return routes
    }

    /// A server for each route, at the address that it leads to.
    static func listen(
        _ routes: [CanaryRoute], _ given: CanaryAddress?, _ identity: ClientIdentity, _ witness: CanaryWitness
    ) throws -> [HTTPSServer] {
        var servers: [IPAddress: HTTPSServer] = [:]
        return try routes.map { route in
            if let server = servers[route.address] { return server }
            let server = try listen(route.address, given, identity, witness)
            servers[route.address] = server
            return server
        }
    }

    private static func listen(
        _ address: IPAddress, _ given: CanaryAddress?, _ identity: ClientIdentity, _ witness: CanaryWitness
    ) throws -> HTTPSServer {
        let handler: @Sendable (ReceivedRequest) -> ServerReply = { witness.reply(to: $0) }
        do {
            return try HTTPSServer(
                address: address.description, port: given?.port ?? 0, identity: identity, handler: handler)
        } catch {
            // The address that was given may be one that is translated to this machine's own.
            guard let port = given?.port else { throw error }
            let all = address.bytes.count == 4 ? "0.0.0.0" : "::"
            return try HTTPSServer(address: all, port: port, identity: identity, handler: handler)
        }
    }

    /// The places of all nodes.
    static func places(
        _ controlPlanes: ControlPlanes, _ observed: [ObservedNode],
        _ routes: [String: Result<CanaryRoute, BootstrapError>],
        _ distinct: [CanaryRoute], _ servers: [HTTPSServer]
    ) -> [String: Result<CanaryPlace, BootstrapError>] {
        Dictionary(
            controlPlanes.nodes.compactMap { node -> (String, Result<CanaryPlace, BootstrapError>)? in
                guard let route = routes[node.name] else { return nil }
                return (
                    node.name,
                    route.flatMap { route in
                        guard let index = distinct.firstIndex(of: route) else {
                            return .failure(BootstrapError("canary/no-address", "it has no route"))
                        }
                        let server = APIServerEndpoint(
                            address: route.address.description, port: servers[index].port)
                        return .success(
                            CanaryPlace(number: index + 1, listens: server.authority) {
                                try asked(controlPlanes, node, observed).connection
                            })
                    }
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    private static func asked(
        _ controlPlanes: ControlPlanes, _ node: NodeSpec, _ observed: [ObservedNode]
    ) throws -> (flags: EffectiveFlags, connection: APIServerConnection) {
        let live = observed.first { $0.name == node.name }?.unit?.live
        guard let running = live?.runningArguments else {
            throw BootstrapError(
                "canary/not-running",
                "\(controlPlanes.spec.apiServer.displayName) is \(live?.stateText ?? "not known to systemd")")
        }
        let flags = EffectiveFlags.parse(commandLine: running)
        let connection = try APIServerConnection(
            spec: controlPlanes.spec, nodeSpec: node, flags: flags, link: try controlPlanes.link(node))
        return (flags, connection)
    }
}
