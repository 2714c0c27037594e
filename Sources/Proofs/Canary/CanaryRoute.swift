// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import TLS
import Values

/// How an aggregator is led to this machine.
struct CanaryRoute: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// A Service of type ExternalName whose name is the address itself: without `--enable-aggregator-routing` the
        /// aggregator dials it as it stands, and no kube-proxy is needed.
        case externalName
        /// A Service without a selector, and endpoints that are made by hand: what `--enable-aggregator-routing` dials.
        case endpoints
    }

    let kind: Kind
    /// Canonical.
    let address: IPAddress

    /// - Parameters:
    ///   - endpoint: the API server's own address, as this machine asks it.
    ///   - flags: of the running process.
    /// - Throws: where this machine has no address that the node could reach.
    static func of(
        _ flags: EffectiveFlags, _ endpoint: APIServerEndpoint, given: CanaryAddress?
    ) throws -> CanaryRoute {
        let address = try given?.address ?? own(endpoint, flags)
        // An IPv6 address is no name: there the way leads through the cluster IP, for which kube-proxy must run.
        let isRouted = flags.bool("enable-aggregator-routing") == true || address.bytes.count != 4
        return CanaryRoute(kind: isRouted ? .endpoints : .externalName, address: address)
    }

    private static func own(_ endpoint: APIServerEndpoint, _ flags: EffectiveFlags) throws -> IPAddress {
        var text = try LocalAddress.towards(endpoint.address)
        // Endpoints may not be on loopback. The node is this machine then, and has an address of its own.
        if text == "::1" || text.hasPrefix("127.") {
            text = try outward(flags.string("advertise-address"))
        }
        guard let address = IPAddress.parse(text), !text.hasPrefix("127.") else {
            throw BootstrapError(
                "canary/no-address",
                "this machine has no address that \(endpoint.address) can reach: \(text)",
                hint: "give one with --canary-address")
        }
        return address.mappedIPv4 ?? address
    }

    /// The address that this machine has towards `advertised`; where none is advertised, that of the default route, of
    /// IPv4 or else of IPv6, which addresses that nobody has (RFC 5737, RFC 3849) tell.
    private static func outward(_ advertised: String?) throws -> String {
        if let advertised { return try LocalAddress.towards(advertised) }
        do { return try LocalAddress.towards("192.0.2.1") } catch {
            guard let text = try? LocalAddress.towards("2001:db8::1") else { throw error }
            return text
        }
    }
}
