// SPDX-License-Identifier: Apache-2.0

import NodeAccess
import Planning
import Spec
import SystemdUnits

extension ControlPlanes {
    /// Addresses of API servers that serve this cluster and are none of the spec's, sorted.
    package func unlisted(_ observed: [ObservedNode], _ kubectl: Kubectl) async throws -> [String] {
        let places = try await kubectl.places(
            of: "kubernetes", in: "default", port: "https", try await ClusterAPI(kubectl))
        let flags = observed.compactMap { $0.unit?.live?.runningArguments }
            .map { EffectiveFlags.parse(commandLine: $0) }
        var known = Set(
            flags.flatMap { [$0.string("advertise-address"), $0.string("bind-address")] }.compactMap { $0 })
        known.formUnion(spec.nodes.compactMap(\.address))
        var others = Set(places.map { MachineAddresses.canonical($0.address) })
            .subtracting(known.map(MachineAddresses.canonical))
        // A node may be known by a name, by an address of the other family, or by one that is translated on the way.
        for nodeSpec in nodes where !others.isEmpty {
            let node = try link(nodeSpec).node
            let files = MachineAddresses.files
            others.subtract(
                MachineAddresses.read(
                    ipv4: try node.read(files.ipv4, limit: 16 << 20) ?? [],
                    ipv6: try node.read(files.ipv6, limit: 16 << 20) ?? []))
        }
        return others.sorted()
    }
}
