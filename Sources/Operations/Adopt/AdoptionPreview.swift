// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Spec
import Values

/// Runs the planner on a spec that was just made, so that what is told of it is what `plan` will say. Changes nothing.
struct AdoptionPreview {
    let spec: ClusterSpec
    let request: Adoption.Request
    let effects: Effects

    /// The notes, with what `init` would refuse and change. What keeps a plan from being made is a refusal too.
    func complete(_ notes: [AdoptionNote]) async -> [AdoptionNote] {
        do {
            let preparation = try await prepare()
            return AdoptionForecast.notes(
                notes, spec: spec, plan: preparation.plan, observed: preparation.observed)
        } catch {
            let report = ErrorReport(error)
            let others = report.details.map { detail in
                AdoptionNote.refused(nodes: [], code: report.code, message: detail, hint: nil)
            }
            return notes + [
                .refused(nodes: [], code: report.code, message: report.message, hint: report.hint)
            ]
                + others
        }
    }

    private func prepare() async throws -> Preparation {
        let run = try Run(
            spec, from: "adopted", RunRequest(state: request.state, passphrase: request.passphrase), effects)
        return try await Change.toSpec(run).prepare()
    }
}
