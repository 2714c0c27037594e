// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Spec
import Values

/// Where a run's state directory is, and who says so: the flag, the environment, the offline tree, the spec, the default,
/// in this order.
package struct StatePlace {
    private struct Candidate {
        let path: String
        let source: Message
    }

    package static let variable = "AGGBOOTSTRAP_STATE"

    private let chosen: Candidate
    /// What somebody named too, and would be used without the one that was chosen.
    private let next: Candidate?
    private let isFromEnvironment: Bool

    /// - Parameters:
    ///   - state: what --state names.
    ///   - root: what --root names.
    package init(_ spec: ClusterSpec, state: String?, root: String?) {
        let environment = LocalHost.setting(Self.variable)
        var candidates: [Candidate] = []
        func add(_ path: String?, _ source: Message) {
            if let path { candidates.append(Candidate(path: Self.trimmed(path), source: source)) }
        }
        add(state, "--state")
        add(environment, "$\(Self.variable)")
        add(root.map { "\($0)/.state" }, "below --root")
        add(spec.stateDirectory, "stateDirectory of the spec")
        chosen = candidates.first ?? Self.fallback(spec.cluster)
        next = candidates.dropFirst().first
        isFromEnvironment = state == nil && environment != nil
    }

    package var path: String { chosen.path }

    /// The path, who names it, and what that overrides.
    package var origin: Message {
        guard let next, next.path != chosen.path else { return "\(path) (\(chosen.source))" }
        return "\(path) (\(chosen.source), instead of \(next.path), \(next.source))"
    }

    /// A variable of the environment is easily forgotten; the spec is what the operator reads.
    package var notice: Notice? {
        guard isFromEnvironment, let next, next.path != chosen.path else { return nil }
        return Notice(
            code: "run/state-from-environment", node: nil,
            message:
                "the state directory is \(path), from \(chosen.source), instead of \(next.path) (\(next.source))"
        )
    }

    private static func fallback(_ cluster: String) -> Candidate {
        if LocalHost.isRoot {
            return Candidate(path: "/var/lib/aggbootstrap/\(cluster)", source: "the default of root")
        }
        if let base = LocalHost.setting("XDG_STATE_HOME") {
            return Candidate(path: "\(base)/aggbootstrap/\(cluster)", source: "below $XDG_STATE_HOME")
        }
        let home = LocalHost.environment("HOME") ?? ""
        return Candidate(path: "\(home)/.local/state/aggbootstrap/\(cluster)", source: "the default")
    }

    private static func trimmed(_ path: String) -> String {
        var bytes = path.utf8[...]
        while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        return String(Substring(bytes))
    }
}
