// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Values

/// Both CAs stay trusted for a while after every control plane has its new pair.
struct SoakStage: Sendable {
    let context: RotationContext
    private var run: Run { context.run }
    private var options: RotationOptions { context.options }

    func wait(_ terms: RotationTerms) async throws {
        let seconds = try await soakSeconds(terms)
        context.say(
            .soak(seconds: seconds, until: run.effects.now().advanced(bySeconds: Int64(seconds))))
        try await run.controlPlanes.pause(.seconds(seconds))
    }

    /// How long both CAs stay trusted once every control plane has its new pair.
    private func soakSeconds(_ terms: RotationTerms) async throws -> Int {
        let wanted = options.soakSeconds ?? (terms.cause.isCompromise ? 0 : 90)
        // Going back, one whose new pair was put back may have read it in between.
        guard terms.cause.isCompromise || terms.direction == .back else { return wanted }
        let results = await onEachNode(run.nodes) { node in
            guard let connection = try run.controlPlanes.connection(node) else { return false }
            return try await run.controlPlanes.certificateReload(
                of: node, run.controlPlanes.version(of: connection)) == .byTime
        }
        let isBlind = try results.contains { try $0.get() }
        return isBlind ? max(wanted, options.reloadSeconds) : wanted
    }
}
