// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// What `init` would do with a spec that was just made of running control planes, as far as the notes do not say it already.
package struct AdoptionForecast {
    private let notes: [AdoptionNote]
    private let spec: ClusterSpec
    private let plan: Plan
    private let observed: [ObservedNode]

    private init(_ notes: [AdoptionNote], _ spec: ClusterSpec, _ plan: Plan, _ observed: [ObservedNode]) {
        (self.notes, self.spec, self.plan, self.observed) = (notes, spec, plan, observed)
    }

    /// - Parameters:
    ///   - notes: what is told of the spec itself.
    ///   - plan: what `plan` would show of it right after.
    ///   - observed: what the plan was made of.
    /// - Returns: all that adopt tells.
    package static func notes(
        _ notes: [AdoptionNote], spec: ClusterSpec, plan: Plan, observed: [ObservedNode]
    ) -> [AdoptionNote] {
        let forecast = AdoptionForecast(notes, spec, plan, observed)
        let pending = observed.flatMap { PendingFlags.notes($0, unit: spec.apiServer.unit) }
        let changes = forecast.changes
        let end: AdoptionNote? =
            !plan.refusals.isEmpty ? nil : plan.isEmpty ? .nothingToChange : forecast.restartNote
        return forecast.kept + pending + forecast.refusals + changes + (end.map { [$0] } ?? [])
            + forecast.notices
    }

    // MARK: - Refusals

    private var isForeign: Bool { plan.refusals.contains { $0.code == "plan/foreign-ca" } }

    private var hasForeignNote: Bool {
        notes.contains { if case .foreignCA = $0 { true } else { false } }
    }

    /// The notes as they were, but for a refusal that `plan` does not have.
    private var kept: [AdoptionNote] {
        notes.filter { if case .foreignCA = $0 { isForeign } else { true } }
    }

    /// The same refusal of several nodes is one.
    private var refusals: [AdoptionNote] {
        let shared = plan.refusals.filter { $0.code == "plan/shared-ca" }.map(\.node)
        let told = plan.refusals.filter { refusal -> Bool in
            // A CA that is foreign, and shared with the clients besides, has the way out of the latter.
            refusal.code != "plan/foreign-ca" || !hasForeignNote && !shared.contains(refusal.node)
        }
        let places = told.map { refusal -> (Refusal, String?) in
            var same = refusal
            same.node = nil
            return (same, refusal.node)
        }
        return Self.grouped(places).map { refusal, nodes in
            .refused(
                nodes: nodes.compactMap { $0 }, code: refusal.code, message: refusal.message,
                hint: refusal.hint.isEmpty ? nil : refusal.hint)
        }
    }

    /// The same notice of several nodes is one; that the CA ends is told of the CA.
    private var notices: [AdoptionNote] {
        Self.grouped(plan.notices.filter { $0.code != "plan/ca-due" }.map { ("\($0.message)", $0.node) })
            .map { .noticed(nodes: $1.compactMap { $0 }, message: $0) }
    }

    // MARK: - Changes

    /// Whether certificates stay as they are until somebody has decided about the CA.
    private var keepsCertificates: Bool {
        let codes = ["plan/foreign-ca", "plan/shared-ca", "plan/other-generation", "plan/older-state"]
        return plan.refusals.contains { codes.contains($0.code) }
    }

    private var issuesClients: Bool { notes.contains(.clientsAreIssued) }

    private var changes: [AdoptionNote] { issues + files + metadata + continued + restarts }

    private var issues: [AdoptionNote] {
        guard !keepsCertificates else { return [] }
        return plan.issues.filter { $0.owner == nil || !issuesClients }
            .map { .issues(owner: $0.owner, because: $0.reason) }
    }

    /// Files that nothing else tells of: not those of certificates that are told to be issued.
    private func told(_ node: NodePlan) -> [FileChange] {
        let (certificates, directory) = (spec.certificates, spec.certificates.directory)
        let pair = [certificates.files.certificate, certificates.files.key].map { "\(directory)/\($0)" }
        let own = pair + ["\(directory)/\(certificates.files.ca)"]
        return node.files.filter { file in
            if keepsCertificates { return !own.contains(file.path) }
            return !(issuesClients && pair.contains(file.path) && file.action != .setMetadata)
        }
    }

    private var files: [AdoptionNote] {
        let places = plan.nodes.map { node -> ([[String]], String) in
            let files = told(node).filter { $0.action != .setMetadata }
            return (
                [files.filter { $0.action != .remove }, files.filter { $0.action == .remove }]
                    .map { $0.map(\.path) }, node.name
            )
        }
        return Self.grouped(places).compactMap { paths, nodes in
            paths == [[], []] ? nil : .files(nodes: nodes, written: paths[0], removed: paths[1])
        }
    }

    private var metadata: [AdoptionNote] {
        plan.nodes.flatMap { node in
            told(node).filter { $0.action == .setMetadata }.compactMap { file -> AdoptionNote? in
                let (before, old) = (file.before, [file.before.userID, file.before.groupID])
                let new = file.ownerIDs ?? old
                let isTold = notes.contains(.openKey(node: node.name, path: file.path, mode: before.mode))
                return isTold && new == old
                    ? nil
                    : .metadata(
                        node: node.name, path: file.path, found: Self.text(before.mode, old),
                        kept: Self.text(file.mode, new))
            }
        }
    }

    private static func text(_ mode: UInt32, _ ids: [UInt32]) -> Message {
        "mode 0\(String(mode & 0o7777, radix: 8)), user \(ids[0]), group \(ids[1])"
    }

    private var continued: [AdoptionNote] {
        plan.nodes.filter(\.finishesTransaction).map { .continued(node: $0.name) }
    }

    private var restarts: [AdoptionNote] {
        let places = plan.nodes.compactMap { node -> (Message, String)? in
            guard case .needed(let why) = node.restart else { return nil }
            return (why, node.name)
        }
        return Self.grouped(places).map { why, nodes in
            .restart(nodes: nodes, unit: spec.apiServer.unit, because: why)
        }
    }

    private var restartNote: AdoptionNote? { restarts.isEmpty ? .noRestart : nil }

    /// Nodes with the same value, in the order of the first of them.
    private static func grouped<Value: Equatable, Node>(
        _ places: [(Value, Node)]
    ) -> [(Value, [Node])] {
        var groups: [(value: Value, nodes: [Node])] = []
        for (value, node) in places {
            if let index = groups.firstIndex(where: { $0.value == value }) {
                groups[index].nodes.append(node)
            } else {
                groups.append((value, [node]))
            }
        }
        return groups.map { ($0.value, $0.nodes) }
    }
}
