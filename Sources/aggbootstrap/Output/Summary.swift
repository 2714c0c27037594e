// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Spec
import StateStore
import SystemdUnits
import Values

/// The last lines of a command's text: how it ended in numbers, and what comes next.
enum Summary {
    /// A plan's lines, and below them its size, or that it is not carried out.
    static func plan(_ lines: [Message], _ preparation: Preparation, by command: String = "init") -> [Message]
    {
        let plan = preparation.plan
        let apart = lines.last == "" ? lines : lines + [""]
        if preparation.refusal != nil { return apart + ["refused: no changes were made"] }
        guard !plan.isEmpty else { return lines }
        if preparation.isRollback { return apart + [rollbackSize(plan)] }
        if preparation.isRemoval { return apart + [removalSize(plan)] }
        var parts: [Message] = [
            "\(count(plan.issues.count, "certificate")) to issue",
            "\(count(plan.nodes.map(\.files.count).reduce(0, +), "file")) to write",
            count(plan.nodes.count { $0.restarts }, "restart"),
        ]
        if !plan.encrypts.isEmpty {
            parts.insert("\(count(plan.encrypts.count, "private key")) to encrypt", at: 0)
        }
        return apart + [
            "plan: \(parts.joined(separator: ", ")); run \(command) with the same options to apply it"
        ]
    }

    /// `done:` only where the exit status is 0; else what was done, and which proofs say that it is not enough.
    static func ended(_ done: Message, _ report: ProofReport) -> Message {
        report.shortfall.map { "failed: \(done), but \($0)" } ?? "done: \(done)"
    }

    /// Below the proofs of `init`, and of `rotate` without --ca.
    static func done(_ outcome: ApplyOutcome, _ plan: Plan, _ run: Run, _ report: ProofReport) -> [Message] {
        let keys = outcome.keysEncrypted
        let encrypted: Message = keys == 0 ? "" : "\(count(keys, "private key")) encrypted, "
        let done = ended(
            report.unprovenNodes + "\(encrypted)\(count(outcome.issued, "certificate")) issued, "
                + "\(count(outcome.filesWritten, "file")) written, \(count(outcome.restarts, "restart"))",
            report)
        let without = plan.notices.filter { $0.code == "plan/flags-missing" }.compactMap(\.node)
        if !without.isEmpty {
            let names = without.joined(separator: ", ")
            return [done, "next: give kube-apiserver of \(names) the flags shown above, then run init again"]
        }
        guard report.status == .done else { return [done] }
        guard let root = run.request.root else {
            return (outcome.issued > 0 ? [backUp(run)] : []) + [done]
        }
        guard outcome.filesWritten > 0 else { return [done] }
        let isEmbedded = run.notices.contains { $0.code == "run/embedded-spec" }
        // A user who tries it out is told once, not after each repair.
        if isEmbedded, outcome.issued == 0 { return [done] }
        if isEmbedded {
            return [done, "next: aggbootstrap spec init cluster.json writes a spec of your own"]
        }
        let restart: Message =
            plan.isTakenWithoutRestart(spec: run.spec)
            ? " (kube-apiserver loads them without a restart)" : restart(plan, run)
        return [
            done,
            "next: install the files below \(root)/NODE/ on each node\(restart), or run init without --root, with --state "
                + run.state.path,
        ]
    }

    /// After new certificates and keys: without the newest ones, a restored state is older than the control planes.
    static func backUp(_ run: Run) -> Message {
        "note: back up \(run.state.path), which has changed: aggbootstrap state export FILE --passphrase-file PASSPHRASE"
    }

    /// A drop-in that only sets the variable does nothing until the unit uses it.
    private static func restart(_ plan: Plan, _ run: Run) -> Message {
        if run.spec.apiServer.isExternal { return " and give kube-apiserver there the flags shown above" }
        guard plan.notices.contains(where: { $0.code == "plan/inert" }) else {
            return " and restart kube-apiserver there"
        }
        return ", add $\(APIServerFlags.variable) to ExecStart= of \(run.spec.apiServer.unit) and restart it"
    }

    /// The one line of `rotate --if-due` where nothing is.
    static func nothingDue(_ due: DueCertificates, _ run: Run) -> Message {
        let next: Message = due.next.map { ": \(name($0)) is next, from \($0.from) on" } ?? ""
        // Of one whose key is elsewhere: the leaves go on until the next one is there.
        let waiting: Message? = due.ca.map {
            ": the requestheader CA is due since \($0.from); put the certificate of the next one into certificates.ca.certificate, "
                + "then run rotate --ca"
        }
        return "nothing due in cluster \(run.spec.cluster)\(waiting ?? next)"
    }

    private static func name(_ item: DueCertificates.Item) -> Message {
        switch item.owner {
        case nil: "the requestheader CA"
        case LeafOwner.shared?: "the proxy client certificate"
        case .some(let owner): "the proxy client certificate of \(owner)"
        }
    }

    private static func rollbackSize(_ plan: Plan) -> Message {
        let removed = plan.nodes.flatMap(\.files).count { $0.action == .remove }
        let written = plan.nodes.flatMap(\.files).count - removed
        return "plan: \(count(written, "file")) to restore, \(removed) to remove, "
            + "\(count(plan.nodes.count { $0.restarts }, "restart")); run rollback with the same options to apply it"
    }

    private static func removalSize(_ plan: Plan) -> Message {
        let files = plan.nodes.flatMap(\.files)
        let removed = files.count { $0.action == .remove }
        return "plan: \(count(removed, "file")) to remove, \(files.count - removed) to write, "
            + "\(count(plan.nodes.count { $0.restarts }, "restart")); run uninstall with the same options to apply it"
    }

    /// Below the proofs of `uninstall`.
    static func takenAway(_ outcome: ApplyOutcome, _ report: ProofReport) -> Message {
        ended(
            "\(count(outcome.filesRemoved, "file")) removed, \(outcome.filesWritten) written, "
                + count(outcome.restarts, "restart"), report)
    }

    /// Below the proofs of `rollback`.
    static func rolledBack(
        _ outcome: ApplyOutcome, _ preparation: Preparation, _ run: Run, _ report: ProofReport
    ) -> [Message] {
        // Without it, the next one rolls the other nodes back.
        let again = (["aggbootstrap rollback"] + run.request.limit.flatMap { ["--limit", $0] }).joined(
            separator: " ")
        let done = ended(
            "\(count(outcome.filesWritten, "file")) restored, \(outcome.filesRemoved) removed, "
                + count(outcome.restarts, "restart"), report)
        guard !preparation.plan.isEmpty, report.status == .done else { return [done] }
        return [
            done,
            preparation.goesForward
                ? "next: \(again) undoes this again"
                : "next: the next init installs again what was rolled back, unless you change the spec first; \(again) undoes this rollback",
        ]
    }

    /// Below the proofs of `verify`; in line with its exit status.
    static func verified(_ report: ProofReport) -> Message {
        if let shortfall = report.shortfall {
            let down = report.nodesThatAreDown
            let plan: Message =
                if !down.isEmpty {
                    "; start kube-apiserver on \(StatusTable.names(down))"
                } else if report.count(.failed) > 0 {
                    "; aggbootstrap plan shows what init would fix"
                } else {
                    ""
                }
            return "failed: \(shortfall)\(plan)"
        }
        let all = report.nodes.reduce(0) { $0 + $1.proofs.count }
        let open = report.count(.notProven)
        return "verified: \(all - open) of \(count(all, "proof")) hold"
            + (open == 0 ? "" : ", \(open) could not be made")
            + (report.leavesOutCanary ? "; without the canary (--canary)" : "")
            + (report.notices.isEmpty ? "" : "; \(count(report.notices.count, "note")) above")
    }

    private static func count(_ number: Int, _ one: String) -> Message { Message.count(number, one) }
}
