// SPDX-License-Identifier: Apache-2.0

import Values

/// An aggregation flag that a process has otherwise than the spec says.
package struct FlagDifference: Sendable, Equatable {
    /// Without dashes.
    package var name: String
    /// `--name=value`; nil where the spec does not want the flag.
    package var wanted: String?
    /// `--name=value` each, as the process has them; empty where it lacks the flag.
    package var found: [String]
}

extension EffectiveFlags {
    /// Whether the layer is off: nobody is taken for an aggregator, and the aggregator presents nothing.
    package var lacksAggregation: Bool {
        !has("requestheader-client-ca-file") && !has("proxy-client-cert-file")
    }
}

extension APIServerFlags {
    /// What a process has otherwise, judged as kube-apiserver reads it: the order of a list says nothing, `_` is `-`, and a
    /// flag that is off is one that is not there.
    /// - Parameter decidesRouting: whether `--enable-aggregator-routing` is judged too.
    package func differences(from running: EffectiveFlags, decidesRouting: Bool) -> [FlagDifference] {
        let wanted = EffectiveFlags.parse(arguments: arguments)
        return Self.names.compactMap { name in
            if name == Self.routingName, !decidesRouting || Self.routes(wanted) == Self.routes(running) {
                return nil
            }
            if name != Self.routingName, Self.means(name, wanted) == Self.means(name, running) { return nil }
            let found = running.occurrences.filter { $0.name == name }
            return FlagDifference(
                name: name,
                wanted: arguments.first { EffectiveFlags.name(of: $0) == name },
                found: found.map { "--\(name)" + ($0.value.map { "=\($0)" } ?? "") })
        }
    }

    private static func routes(_ flags: EffectiveFlags) -> Bool { flags.bool(routingName) ?? false }

    private static let paths: Set = [
        "requestheader-client-ca-file", "proxy-client-cert-file", "proxy-client-key-file",
    ]

    /// nil where the flag is not there.
    private static func means(_ name: String, _ flags: EffectiveFlags) -> Set<ByteText>? {
        guard paths.contains(name) else { return flags.list(name).map { Set($0.map(\.bytes)) } }
        return flags.string(name).map { [$0.plainPath.bytes] }
    }
}
