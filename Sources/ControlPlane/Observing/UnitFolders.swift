// SPDX-License-Identifier: Apache-2.0

/// The parts of a service's name, and the directories of drop-ins that systemd reads for it.
struct UnitFolders {
    private let prefix: String
    /// nil for a unit that is no instance of a template; empty for a template.
    let instance: String?

    /// - Parameter unit: its name, which ends with `.service`.
    init(_ unit: String) {
        let parts = unit.dropLast(".service".count).split(
            separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        prefix = String(parts[0])
        instance = parts.count > 1 ? String(parts[1]) : nil
    }

    var isTemplate: Bool { instance == "" }

    /// The template of an instance; nil for any other unit.
    var template: String? { instance == nil || isTemplate ? nil : "\(prefix)@.service" }

    /// The instance of a template.
    func named(_ instance: String) -> String { "\(prefix)@\(instance).service" }

    /// Least specific first: of the name up to each dash, of the template, of the unit.
    ///
    /// An instance's dashes divide nothing.
    var dropIns: [String] {
        let prefixes = prefix.indices.filter { prefix[$0] == "-" && $0 != prefix.indices.last }
            .map { String(prefix[...$0]) }
        return (prefixes + [prefix]).flatMap { prefix in
            guard let instance else { return ["\(prefix).service.d"] }
            return ["\(prefix)@.service.d"] + (isTemplate ? [] : ["\(prefix)@\(instance).service.d"])
        }
    }
}
