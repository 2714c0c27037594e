// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import StateStore
import Values

/// The rotation of the CA that is open: whether a process works on it now, and where it stands.
package struct OpenRotation: Sendable {
    package let terms: RotationTerms
    /// Who works on it now; nil where it was left open.
    package let holder: StateHolder?
    /// Where the control planes that were read stand; nil where that is not known.
    package let stage: RotationStage?
    /// Whether `stage` is that of all control planes, and not of those alone that could be read.
    package let isOfAll: Bool
    /// Whether `rotate --abort` is not known to be refused.
    package let mayAbort: Bool
    /// Why the control planes fit no stage; nil where they do.
    let problem: Refusal?

    /// - Parameters:
    ///   - observed: what was read of the control planes; empty where nothing was.
    ///   - isOfAll: whether these are all of them.
    /// - Returns: nil where no rotation is open.
    static func read(
        _ state: StateDirectory, _ inventory: StateInventory?, _ observed: [ObservedNode], isOfAll: Bool
    ) throws -> OpenRotation? {
        guard let terms = try Ledger(state: state).openRotation() else { return nil }
        var (stage, problem): (RotationStage?, Refusal?)
        var isTooLate = terms.cause.isCompromise || terms.retire.count > 1
        if let inventory, !observed.isEmpty, let keep = inventory.generation(terms.keep) {
            let retire = terms.retire.compactMap(inventory.generation)
            let nodes = observed.map { RotationPosition.Node($0, keep: keep, retire: retire) }
            do throws(Refusal) {
                stage = try RotationPosition.stage(nodes, mayTrustRetired: !terms.cause.isCompromise)
            } catch { problem = error }
            if let old = retire.last, RotationPosition.tooLate(nodes, old: old) != nil { isTooLate = true }
        }
        return OpenRotation(
            terms: terms, holder: state.holder(), stage: stage, isOfAll: isOfAll,
            mayAbort: terms.direction == .back || !isTooLate, problem: problem)
    }
}

extension Run {
    /// While a CA is being replaced, nothing else changes the nodes.
    /// - Parameter observed: what was read of the control planes of this run; empty where nothing was.
    func openRotation(_ inventory: StateInventory? = nil, _ observed: [ObservedNode] = []) throws -> [Refusal]
    {
        // Files of a tree are not what the running control planes have.
        let seen = access == .live ? observed : []
        guard let open = try OpenRotation.read(state, inventory, seen, isOfAll: false) else { return [] }
        let place: Message =
            access == .live
            ? "" : ", on the running control planes: without --root, with --state \(state.path)"
        let aborted: Message = open.terms.direction == .back ? ", and is being aborted" : ""
        if let holder = open.holder {
            return [
                Refusal(
                    code: "rotation/open", node: nil,
                    message:
                        "a rotation of the requestheader CA is in progress since \(open.terms.since)\(aborted): process "
                        + "\(holder.process) on \(holder.host) has worked on it since \(holder.since)",
                    hint: "wait until it has ended; aggbootstrap status shows its stage")
            ]
        }
        let hint: Message =
            if open.terms.direction == .back {
                "finish it with aggbootstrap rotate --abort\(place)"
            } else if open.mayAbort {
                "finish it with aggbootstrap rotate --ca, or abort it with aggbootstrap rotate --abort\(place)"
            } else {
                "it cannot be aborted any more: finish it with aggbootstrap rotate --ca\(place)"
            }
        return [
            Refusal(
                code: "rotation/open", node: nil,
                message:
                    "a rotation of the requestheader CA is open since \(open.terms.since)\(aborted), and no process works on it now",
                hint: hint)
        ]
    }

    /// Reads the control planes for a plan. While a rotation is open, that says more than a control plane that cannot be read.
    func observeForPlan() async throws -> [ObservedNode] {
        do { return try await observeAll() } catch {
            guard request.options.stage == nil, let open = try openRotation().first else { throw error }
            let report = ErrorReport(error)
            let hint: Message = report.hint.map { "\(open.hint); for the control plane: \($0)" } ?? open.hint
            throw BootstrapError(open.code, open.message, hint: hint, details: [report.message])
        }
    }
}
