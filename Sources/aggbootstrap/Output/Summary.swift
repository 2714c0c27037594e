// SPDX-License-Identifier: Apache-2.0

import Bootstrap
import ClusterPlan

/// The last lines of a command's text: how it ended in numbers, and what comes next.
enum Summary {
    /// A plan's lines, and below them its size, or that it is not carried out.
    static func plan(_ lines: [String], _ preparation: Preparation, by command: String = "init") -> [String] {
        let plan = preparation.plan
        let apart = lines.last == "" ? lines : lines + [""]
        if preparation.refusal != nil { return apart + ["refused: nothing of this is done"] }
        guard !plan.isEmpty else { return lines }
        if preparation.isRollback { return apart + [rollbackSize(plan)] }
        var parts = [
            "\(count(plan.issues.count, "certificate")) to issue",
            "\(count(plan.nodes.map(\.files.count).reduce(0, +), "file")) to write",
            count(plan.nodes.count { $0.restarts }, "restart"),
        ]
        if !plan.encrypts.isEmpty {
            parts.insert("\(count(plan.encrypts.count, "private key")) to encrypt", at: 0)
        }
        return apart + ["plan: \(parts.joined(separator: ", ")); \(command) with the same options does it"]
    }

    /// Below the proofs of `init`.
    static func done(_ outcome: ApplyOutcome, _ run: Run) -> [String] {
        let keys = outcome.keysEncrypted
        let encrypted = keys == 0 ? "" : count(keys, "private key") + " encrypted, "
        let done =
            "done: \(encrypted)\(count(outcome.issued, "certificate")) issued, "
            + "\(count(outcome.filesWritten, "file")) written, \(count(outcome.restarts, "restart"))"
        guard let root = run.request.root, outcome.filesWritten > 0 else { return [done] }
        let isEmbedded = run.notices.contains { $0.code == "run/embedded-spec" }
        // Whoever tries it out is told once, not after each repair.
        if isEmbedded, outcome.issued == 0 { return [done] }
        let next =
            isEmbedded
            ? "next: aggbootstrap spec init cluster.json writes a spec of your own"
            : "next: install what is below \(root)/NODE/ on each node and restart kube-apiserver there, or run init "
                + "without --root, with --state \(run.state.path)"
        return [done, next]
    }

    /// The one line of `rotate --if-due` where nothing is.
    static func nothingDue(_ due: DueCertificates, _ run: Run) -> String {
        let next = due.next.map { ": next is \($0.name), from \($0.from) on" } ?? ""
        return "nothing due in cluster \(run.spec.cluster)\(next)"
    }

    private static func rollbackSize(_ plan: Plan) -> String {
        let removed = plan.nodes.flatMap(\.files).count { $0.action == .remove }
        let written = plan.nodes.flatMap(\.files).count - removed
        return "plan: \(count(written, "file")) to put back, \(removed) to remove, "
            + "\(count(plan.nodes.count { $0.restarts }, "restart")); rollback with the same options does it"
    }

    /// Below the proofs of `rollback`.
    static func rolledBack(_ outcome: ApplyOutcome, _ preparation: Preparation) -> [String] {
        let done =
            "done: \(count(outcome.filesWritten, "file")) put back, \(outcome.filesRemoved) removed, "
            + count(outcome.restarts, "restart")
        guard !preparation.plan.isEmpty else { return [done] }
        return [
            done,
            preparation.goesForward
                ? "next: rollback goes back again"
                : "next: init would make it as the spec says again, so change the spec first; rollback goes forward again",
        ]
    }

    /// Below the proofs of `verify`; in line with its exit status.
    static func verified(_ nodes: [NodeProofs], requireProof: Bool) -> String {
        let outcomes = nodes.flatMap(\.proofs).map(\.outcome)
        let all = count(outcomes.count, "proof")
        let failed = outcomes.count { $0 == .failed }
        let open = outcomes.count { $0 == .notProven }
        if failed > 0 { return "failed: \(failed) of \(all); aggbootstrap plan shows what init would mend" }
        if open > 0, requireProof {
            return "failed: \(open) of \(all) could not be made, and --require-proof is given"
        }
        return "verified: \(outcomes.count - open) of \(all) hold"
            + (open == 0 ? "" : ", \(open) could not be made")
    }

    private static func count(_ n: Int, _ one: String) -> String { "\(n) \(one)\(n == 1 ? "" : "s")" }
}
