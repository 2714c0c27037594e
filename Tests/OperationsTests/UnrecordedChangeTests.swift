// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Operations
@testable import Planning
@testable import Values

/// Control planes are changed, and then the state directory cannot be written: what is said of them stays true.
@Suite struct UnrecordedChangeTests {
    /// Root feels no missing permission, so something else is in a file's place.
    private struct Obstacle: Sendable {
        let path: String

        func put() {
            try? FileManager.default.moveItem(atPath: path, toPath: path + ".away")
            try? FileManager.default.createDirectory(
                atPath: path + "/in-the-way", withIntermediateDirectories: true)
        }

        func takeAway() throws {
            try FileManager.default.removeItem(atPath: path)
            if FileManager.default.fileExists(atPath: path + ".away") {
                try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
            }
        }
    }

    @Test(arguments: [1, 3]) func aNodeThatWasChangedIsNotSaidToBeAsItWas(count: Int) async throws {
        let fleet = try FakeFleet((1...count).map { "cp\($0)" })
        let ledger = Obstacle(path: fleet.directory.file("state/ledger.jsonl"))
        let error = await fleet.failure(
            Journal { _, step in
                if step == "cp1: move to previous" { ledger.put() }
                return .done
            })
        #expect(error?.status == (count == 1 ? .proofFailed : .mixed), "\(String(describing: error))")
        let said = error?.message ?? ""
        #expect(
            said.hasPrefix("cp1: the change was made, but not recorded: ") && said.contains("ledger.jsonl"))
        // No other one is begun.
        #expect(fleet.machines.map(\.isNew) == (1...count).map { $0 == 1 })
        #expect(fleet.allServe)
        let kinds = (error?.nodes ?? []).map { "\($0.kind)".prefix(7) }
        #expect(kinds == ["changed"] + Array(repeating: "untouch", count: count - 1))

        try ledger.takeAway()
        try await fleet.converge()
        #expect(try await fleet.isConverged && fleet.allAreNew)
    }

    /// The direction of a rollback cannot be taken out of the state directory once all of it is done.
    @Test func aRollbackThatIsDoneIsNotSaidToHaveFailed() async throws {
        let fleet = try FakeFleet()
        let before = fleet.files
        try await fleet.converge()
        let record = Obstacle(path: fleet.directory.file("state/rollback"))
        let report = await FakeFleet.report {
            try await Change.back(
                try fleet.run(
                    Journal { _, step in
                        if step == "cp3: move to previous" { record.put() }
                        return .done
                    })
            ).perform(SilentAttendant())
        }
        #expect(report?.status == .proofFailed, "\(String(describing: report))")
        #expect(report?.details.contains { $0.hasPrefix("the change was made on every node") } == true)
        #expect(fleet.noneIsNew && fleet.allServe && fleet.files == before)
    }
}
