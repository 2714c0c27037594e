// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Whether a kube-apiserver asks extension API servers itself, or a proxy of its environment in their place.
///
/// The aggregator asks `https://CLUSTER-IP:PORT` of the Service, or, with `--enable-aggregator-routing`, one of its
/// endpoints by its address; that address is what is looked for in `NO_PROXY`.
package struct ExtensionReach: Sendable {
    package let environment: ProxyEnvironment
    /// `--service-cluster-ip-range`, the first one of which gives most Services their address.
    package let serviceRanges: [AddressRange]
    package let routesToEndpoints: Bool
    /// nil where it is not known.
    package let version: KubernetesVersion?

    /// An extension API server's own address.
    package struct Server: Sendable, Hashable, CustomStringConvertible {
        package let address: String
        package let port: Int
        package init(address: String, port: Int) {
            self.address = address
            self.port = port
        }
        package var description: String {
            address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
        }
    }

    /// What is known of the servers' own addresses.
    package enum Servers: Sendable {
        case known([Server])
        /// Why not.
        case unknown(Message)
    }

    package enum Verdict: Sendable, Equatable {
        /// Every extension server is asked directly.
        case direct(Message)
        /// Some are not.
        case proxied(Message)
        case unknown(Message)
    }

    /// - Parameters:
    ///   - flags: of the command line that goes with the environment.
    ///   - routesToEndpoints: where it is another one than `flags` say.
    package init(
        _ environment: ProxyEnvironment, flags: EffectiveFlags, routesToEndpoints: Bool? = nil,
        version: KubernetesVersion?
    ) {
        self.environment = environment
        self.version = version
        self.routesToEndpoints = routesToEndpoints ?? flags.bool(APIServerFlags.routingName) ?? false
        // What kube-apiserver takes where it is given none.
        serviceRanges = (flags.string("service-cluster-ip-range") ?? "10.0.0.0/24").split(separator: ",")
            .compactMap { AddressRange(String($0)) }
    }

    /// - Parameter servers: asked for only where routing makes them count.
    package func verdict(_ servers: Servers) -> Verdict {
        guard let proxy = environment.proxy else { return withoutProxy }
        let exceptions = environment.exceptions ?? "NO_PROXY"
        let isMissing: Message? = environment.exceptions == nil ? "\(exceptions) is not set" : nil
        func proxied(_ what: Message) -> Message {
            let why: Message =
                isMissing.map { "\($0), which must cover \(what)" }
                ?? "\(exceptions) does not cover \(what)"
            return "\(proxy) is set, and \(why): requests to extension API servers there go to the proxy; "
                + "add it and restart kube-apiserver"
        }
        guard routesToEndpoints else {
            let missing = serviceRanges.filter { !environment.excepts($0) }
            let ranges = missing.map(\.description).joined(separator: ", ")
            guard let first = serviceRanges.first, let lacking = missing.first else {
                let covered = Self.list(serviceRanges)
                return .direct("\(proxy) is set, and \(exceptions) covers \(covered), the Services' range")
            }
            let text: Message = proxied("\(ranges) of --service-cluster-ip-range")
            // The second family's range is that of few Services, if of any.
            return lacking == first ? .proxied(text) : .unknown(text)
        }
        switch servers {
        case .known(let servers):
            let missing = servers.filter { !environment.excepts(host: $0.address, port: $0.port) }
            if !missing.isEmpty { return .proxied(proxied(Self.list(missing))) }
            return servers.isEmpty
                ? .direct("\(proxy) is set, and there is no extension API server")
                : .direct("\(proxy) is set, and \(exceptions) covers \(Self.list(servers))")
        case .unknown(let why):
            if ["0.0.0.0/0", "::/0"].compactMap(AddressRange.init).allSatisfy(environment.excepts) {
                return .direct("\(proxy) is set, and \(exceptions) covers every address")
            }
            return .unknown(
                "\(proxy) is set, and with --\(APIServerFlags.routingName) \(exceptions) must cover the addresses of "
                    + "extension API servers, most often of pods, which are not known here: \(why)")
        }
    }

    private var withoutProxy: Verdict {
        let nothing: Message = "no variable of its environment sends https requests to a proxy"
        guard let plain = environment.plainProxy, let version,
            version < KubernetesVersion(major: 1, minor: 21)
        else {
            return .direct(nothing)
        }
        return .unknown(
            "\(plain) is set, which kube-apiserver \(version) uses for https too if it was built with Go "
                + "before 1.16")
    }

    private static func list(_ items: [some CustomStringConvertible]) -> Message {
        let most = 5
        let shown = items.prefix(most).map(\.description).joined(separator: ", ")
        return items.count > most ? "\(shown) and \(items.count - most) more" : "\(shown)"
    }
}
