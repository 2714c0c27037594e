// SPDX-License-Identifier: Apache-2.0

import NodeAccess
import SystemdUnits
import Values

/// Asks systemd's own parser whether a changed unit would load, before systemd sees the change.
struct UnitVerifier {
    let unit: String
    let node: any NodeTransport
    /// An empty directory of its own is made below it and removed again.
    let workDirectory: String

    /// Compares what `systemd-analyze verify` says of the unit with and without the change; healthy units print
    /// diagnostics too, so only those that the change adds count.
    /// - Parameters:
    ///   - current: the unit's files now, fragment first.
    ///   - changed: the unit's files after the change.
    /// - Throws: `unit/does-not-verify` with systemd's lines.
    func verify(current: [UnitText], changed: [UnitText]) async throws {
        let after = try await diagnostics(changed, name: "changed")
        guard !after.isEmpty else { return }
        let before = Set(try await diagnostics(current, name: "current"))
        let new = after.filter { !before.contains($0) }
        guard !new.isEmpty else { return }
        throw BootstrapError(
            "unit/does-not-verify", "systemd would not load \(unit) with the change",
            hint: "fix what systemd reports about the unit's files above; nothing was changed",
            details: Message.verbatim(new))
    }

    private func diagnostics(_ sources: [UnitText], name: String) async throws -> [String] {
        let files = sources.enumerated().map { index, source in
            (name: index == 0 ? unit : "\(unit).d/\(Self.order(index, source))", text: source.text)
        }
        return try await SystemdAnalyze(node: node, directory: "\(workDirectory)/verify-\(name)").verify(
            [unit], files, folders: ["\(unit).d"])
    }

    /// Drop-ins of several directories are read in the order of their names; a number in front keeps theirs.
    private static func order(_ index: Int, _ source: UnitText) -> String {
        let digits = String(index)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "-" + source.fileName
    }
}
