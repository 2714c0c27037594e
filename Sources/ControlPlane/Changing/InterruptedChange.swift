// SPDX-License-Identifier: Apache-2.0

import NodeAccess
import Planning
import Spec
import SystemdBus
import SystemdUnits
import Values

/// Takes back a change that a killed run left half done on a node.
package struct InterruptedChange {
    private let spec: ClusterSpec
    private let node: any NodeTransport
    private let activator: Activator?
    private var unit: String { spec.apiServer.unit }

    package init(spec: ClusterSpec, node: any NodeTransport, activator: Activator?) {
        (self.spec, self.node, self.activator) = (spec, node, activator)
    }

    /// Puts its files back; where files of the unit are among them, systemd loads them, and an API server that served before
    /// and does not run is started with them. Only then its record goes.
    /// - Throws: where the API server does not serve again: the change is then still open.
    package func takeBack(now: UnixTime) async throws {
        let transaction = try NodeTransaction.begin(
            unit: unit, paths: [], madeDirectories: [], wasServing: true, baseDigests: [:], now: now,
            on: node)
        try transaction.restore(unit: unit)
        if let activator, !spec.apiServer.isExternal {
            if transaction.entries.contains(where: { UnitSources.isUnitFile($0.path, unit: unit) }) {
                try activator.reload(expecting: nil)
            }
            if transaction.wasServing, try !isUp(activator) { try await activator.restartOld(before: nil) }
        }
        try transaction.drop(unit: unit)
    }

    private func isUp(_ activator: Activator) throws -> Bool {
        ["active", "reloading"].contains(try activator.units.unit(unit).activeState)
    }
}

extension ControlPlanes {
    /// What makes changed files take effect on a node; nil offline.
    package func activator(of node: NodeSpec, _ progress: NodeProgress) throws -> Activator? {
        let link = try link(node)
        guard let units = link.units else { return nil }
        // The command line may be another one after each restart, so it is read again every time.
        let connection: @Sendable () throws -> APIServerConnection? = { try self.connection(node) }
        return Activator(
            unit: spec.apiServer.unit, node: link.node, units: units,
            readiness: {
                do {
                    return try await connection()?.readiness()
                        ?? .unseen("\(spec.apiServer.displayName) has no process to ask")
                } catch {
                    return .unseen("\(error)")
                }
            },
            identity: { try connection()?.identityOutcome() }, progress: progress)
    }
}
