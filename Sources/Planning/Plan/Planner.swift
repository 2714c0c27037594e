// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Decides what must change: from what is wanted, what was observed and the time, to a plan.
///
/// It does nothing itself and asks nobody: the same arguments give the same plan. Planned again after a success, the
/// plan is empty.
package enum Planner {
    /// What the operator has allowed besides.
    package struct Options: Sendable, Equatable {
        /// Restart although that activates changes of the unit that are not ours.
        package var includesPending: Bool
        /// Encrypt the private keys of the state that are not: a passphrase was given.
        package var encryptsKeys: Bool
        package var renewal: RenewalRule
        /// What a CA's rotation has come to; nil outside of one.
        package var stage: CertificateStage?
        /// Whether flags and unit are brought in line too, or the certificates alone.
        package var scope: Scope = .everything
        /// Go on with a state directory that is older than what the control planes have.
        package var acceptsOlderState = false
        /// What --root names, for hints; nil for a live run.
        package var root: String?

        package enum Scope: Sendable, Equatable {
            case everything
            /// A restart only where the API server reads certificates in no other way. A change that was interrupted
            /// is brought to the end all the same.
            case certificates
        }

        package init(
            includesPending: Bool = false, encryptsKeys: Bool = false, renewal: RenewalRule = .twoThirds,
            stage: CertificateStage? = nil
        ) {
            self.includesPending = includesPending
            self.encryptsKeys = encryptsKeys
            self.renewal = renewal
            self.stage = stage
        }
    }

    /// The leaves that a stage of a CA's rotation still lacks.
    package static func issues(
        _ spec: ClusterSpec, inventory: StateInventory, now: UnixTime, stage: CertificateStage
    ) -> [CertificateIssue] {
        CertificateDecisions(spec: spec, inventory: inventory, now: now, stage: stage).issues
    }

    /// A new CA in the place of the one in use, and the leaves of every node, the CA first.
    package static func newCA(
        _ spec: ClusterSpec, inventory: StateInventory, now: UnixTime
    ) -> [CertificateIssue] {
        CertificateDecisions.newCA(spec, inventory, now: now, because: "its CA is replaced")
    }

    /// - Parameter nodes: what was observed, in the order of the spec; nodes of the spec that are missing here are
    ///   left alone.
    package static func plan(
        _ spec: ClusterSpec, inventory: StateInventory, nodes: [ObservedNode], now: UnixTime,
        options: Options = Options()
    ) -> Plan {
        let fresh = Set(renewsOnly(options) ? nodes.filter(\.isUninitialised).map(\.name) : [])
        // What is due elsewhere does not wait for a node that init has yet to bring in.
        let nodes = options.renewal == .always ? nodes : nodes.filter { !fresh.contains($0.name) }
        let certificates = CertificateDecisions(
            spec: spec, limit: Set(nodes.map(\.name)), inventory: inventory, now: now,
            renewal: options.renewal,
            stage: options.stage)
        var plan = Plan(
            cluster: spec.cluster, encrypts: options.encryptsKeys ? inventory.plainKeys : [],
            issues: certificates.issues, nodes: [], refusals: certificates.refusals,
            notices: certificates.notices)
        let files = CertificateFiles(
            spec: spec, inventory: inventory, issued: certificates.issues.map(\.owner), stage: options.stage)
        for node in nodes {
            guard let nodeSpec = spec.nodes.first(where: { $0.name == node.name }) else { continue }
            var planner = NodePlanner(spec: spec, nodeSpec: nodeSpec, node: node, options: options)
            planner.refusals = ForeignCA.refusals(
                node, inventory: inventory, unit: spec.apiServer.unit, isRotating: options.stage != nil)
            planner.plan(certificates: files.changes(node, of: nodeSpec))
            plan.nodes.append(planner.result)
            plan.refusals += planner.refusals
            plan.notices += planner.notices
        }
        refuseOlderState(spec, inventory, nodes, options, &plan)
        noteUninitialised(spec.nodes.map(\.name).filter(fresh.contains), options, &plan)
        if renewsOnly(options), inventory.current == nil { refuseNoCA(&plan) }
        noteExposedKeys(inventory.exposedKeys, &plan)
        if plan.readsPrivateKeys, !options.encryptsKeys, !inventory.encryptedKeys.isEmpty {
            plan.notices.append(
                Notice(
                    code: "plan/passphrase", node: nil,
                    message:
                        "the private keys of the state directory are encrypted: init needs the passphrase for this"
                ))
        }
        return plan
    }

    /// That says what the other refusals about the CA come from.
    private static func refuseOlderState(
        _ spec: ClusterSpec, _ inventory: StateInventory, _ nodes: [ObservedNode], _ options: Options,
        _ plan: inout Plan
    ) {
        guard options.stage == nil, !options.acceptsOlderState,
            let refusal = OlderState.refusal(spec, inventory: inventory, nodes: nodes)
        else { return }
        plan.refusals.removeAll { ["plan/foreign-ca", "plan/other-generation"].contains($0.code) }
        plan.refusals.insert(refusal, at: 0)
    }

    /// What `init` would refuse too is not sent there.
    private static func refuseNoCA(_ plan: inout Plan) {
        let isOthers = plan.refusals.contains { ["plan/foreign-ca", "plan/shared-ca"].contains($0.code) }
        plan.refusals.insert(
            Refusal(
                code: "rotation/no-ca", node: nil,
                message: "the state directory holds no CA, so there is nothing to replace",
                hint: isOthers
                    ? "the control planes have a CA that was made elsewhere: replace it with aggbootstrap rotate --ca, or give "
                        + "the state directory that issued it with --state DIR"
                    : "run init first, or give the right state directory with --state DIR"), at: 0)
    }

    /// Their mode protects them where the state directory's own does not any more: in a copy, or once it was opened.
    private static func noteExposedKeys(_ names: [String], _ plan: inout Plan) {
        guard let first = names.first else { return }
        let others: Message = names.count == 1 ? "" : " and \(names.count - 1) more"
        plan.notices.append(
            Notice(
                code: "plan/exposed-keys", node: nil,
                message:
                    "users other than the owner may read private keys in the state directory: \(first)\(others); "
                    + "chmod 600 them, and if anyone may have read one, see rotate --compromised"))
    }

    /// Whether certificates of a CA that stays are replaced, and nothing else is done.
    private static func renewsOnly(_ options: Options) -> Bool {
        options.scope == .certificates && options.stage == nil
    }

    /// A new pair alone would make nothing of a node that lacks the flags for it.
    private static func noteUninitialised(_ names: [String], _ options: Options, _ plan: inout Plan) {
        for name in names {
            let what: Message = "it has no requestheader CA and no proxy client certificate yet"
            if options.renewal == .always {
                plan.refusals.append(
                    Refusal(
                        code: "rotation/not-initialised", node: name,
                        message: "\(what), so there is nothing to replace",
                        hint: "run init first, or limit the run to the other nodes with --limit"))
            } else {
                plan.notices.append(
                    Notice(
                        code: "rotation/not-initialised", node: name,
                        message: "skipped: \(what); run aggbootstrap init for it"))
            }
        }
    }
}

extension ObservedNode {
    /// Whether nothing of the aggregation layer is there: neither files, nor flags in the running process. One whose
    /// files were lost still presents a proxy client certificate.
    fileprivate var isUninitialised: Bool {
        let running = unit?.live?.runningArguments ?? []
        let flags = EffectiveFlags.parse(commandLine: running)
        return ca.kind == .absent && certificate.kind == .absent && transaction == nil
            && flags.string("requestheader-client-ca-file") == nil
    }
}
