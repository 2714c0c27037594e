// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Planning
import Spec
import Values

// What a timer runs.
extension RotateCommand {
    func validateIfDue() throws {
        if renewBefore != nil && !ifDue {
            throw UsageError.validation("--renew-before is given without --if-due")
        }
        guard ifDue else { return }
        if acceptOlderState {
            throw UsageError.validation(
                "--if-due and --accept-older-state are both given: decide that once, not on a timer")
        }
        if let replacing {
            throw UsageError.validation(
                "--if-due and \(replacing) are both given: --if-due finds what is due")
        }
        if !spec.limit.isEmpty {
            throw UsageError.validation("--if-due and --limit are both given: --if-due finds the nodes")
        }
    }

    /// Renews what is due: the CA, or else proxy clients.
    func rotateDue(_ run: Run) async throws -> ExitStatus {
        let rule = renewBefore.map { RenewalRule.within(seconds: $0.seconds) } ?? .twoThirds
        let renewal = try Renewal(run, rule: rule, gates.leafOptions())
        switch try await output.narrator.timed("looked what is due", { try await renewal.find() }) {
        case .nothing(let due):
            switch output.output {
            case .text: Console.print([Summary.nothingDue(due, run)], color: output.color)
            case .json: Console.json(try DueDocument(due, run).json())
            }
            return .done
        case .ca:
            try CARotation.checkAccess(run)
            return try await rotateCA(run)
        case .leaves(let change): return try await rotateLeaves(change)
        }
    }
}

/// That nothing is due, as JSON.
private struct DueDocument: Encodable {
    struct Item: Encodable {
        let owner: String?
        let role: String
        let from: String
        let notAfter: String
    }

    let schemaVersion = JSONText.schemaVersion
    let cluster: String
    let isDue = false
    let next: Item?

    init(_ due: DueCertificates, _ run: Run) {
        cluster = run.spec.cluster
        next = due.next.map {
            Item(
                owner: $0.owner, role: $0.owner == nil ? "ca" : "proxyClient", from: $0.from.description,
                notAfter: $0.certificate.notAfter.description)
        }
    }

    func json() throws -> String { try JSONText.of(self) }
}
