// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Spec
import Values

/// Sees a change through on the command line: shows its plan, asks, and shows what it came to.
struct ChangeDialog: ChangeAttendant {
    /// What a command says of its own change.
    struct Words: Sendable {
        /// The command that applies the plan.
        let command: String
        /// What it has done, for `--verbose`.
        let done: Message
        /// Asked before the first change; with the cluster's name.
        let question: @Sendable (_ cluster: String) -> Message

        static let initialise = Words(command: "init", done: "applied") { "Apply this to cluster \($0)?" }
        static let rotate = Words(command: "rotate", done: "applied") {
            "Replace the proxy client certificates of cluster \($0)?"
        }
        static let uninstall = Words(command: "uninstall", done: "taken away") {
            "Take the aggregation layer of cluster \($0) away, so that aggregated APIs stop working?"
        }
        static let rollback = Words(command: "rollback", done: "rolled back") { "Roll cluster \($0) back?" }
    }

    let output: OutputOptions
    /// nil for a command that only plans.
    let options: ChangeOptions?
    let run: Run
    let words: Words

    private var narrator: Narrator { output.narrator }
    private var isText: Bool { output.output == .text }

    /// - Returns: what it came to, and the exit status of its proofs.
    func perform(_ change: Change) async throws -> (result: Change.Result, status: ExitStatus) {
        do {
            let result = try await change.perform(self)
            return (result, onlyPlans ? .done : report(result).status)
        } catch let failure as Change.Failure {
            let plan = failure.preparation.plan
            throw failure.outcome.map {
                output.failure(failure.cause, showing: ResultDocument(plan, $0, []))
            } ?? output.failure(failure.cause, showing: PlanDocument(plan))
        }
    }

    // MARK: - ChangeAttendant

    var onlyPlans: Bool { options?.dryRun ?? true }

    func timed<Value>(
        _ step: Change.Step, _ body: () async throws -> Value
    ) async rethrows -> Value {
        let text: Message =
            switch step {
            case .preparing: "observed and planned"
            case .applying: words.done
            case .proving: "proved"
            }
        return try await narrator.timed(text, body)
    }

    func show(_ preparation: Preparation) throws {
        narrator.read(preparation)
        let isLast = onlyPlans || preparation.refusal != nil
        if isText {
            // While a rotation is open nothing of the plan could be applied, and it would hide why.
            let isClosed = preparation.plan.refusals.contains { $0.code == "rotation/open" }
            let aim: DivergenceTable.Aim =
                preparation.isRollback || preparation.isRemoval ? .other : .spec
            var lines =
                isClosed
                ? [] : PlanReport(preparation.plan, unit: run.spec.apiServer.displayName, aim: aim).lines
            if isLast, !isClosed { lines = Summary.plan(lines, preparation, by: words.command) }
            // Apart from the proofs, which follow.
            if !isLast, lines.last != "" { lines.append("") }
            if !isClosed { Console.print(lines, color: output.color) }
        } else if onlyPlans, preparation.refusal == nil {
            Console.json(try PlanDocument(preparation.plan).json())
        }
    }

    func consent(to preparation: Preparation) throws {
        guard run.request.root == nil, options?.yes == false else { return }
        try Console.consent(words.question(run.spec.cluster))
    }

    func show(_ result: Change.Result) throws {
        guard isText else {
            let document = ResultDocument(result.preparation.plan, result.outcome, result.proofs)
            return Console.json(try document.json())
        }
        let report = report(result)
        let last =
            if result.preparation.isRemoval {
                [Summary.takenAway(result.outcome, report)]
            } else if result.preparation.isRollback {
                Summary.rolledBack(result.outcome, result.preparation, run, report)
            } else {
                Summary.done(result.outcome, result.preparation.plan, run, report)
            }
        Console.print(report.lines + last, color: output.color)
    }

    private func report(_ result: Change.Result) -> ProofReport {
        ProofReport(result.proofs, requireProof: options?.requireProof ?? false)
    }
}
