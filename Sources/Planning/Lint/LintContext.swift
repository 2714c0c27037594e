// SPDX-License-Identifier: Apache-2.0

import SystemdUnits
import Values

/// What several rules need to know of a set-up, worked out once.
struct LintContext: Sendable {
    /// Aggregation flags that are in a file and have no effect.
    struct Lost: Sendable {
        var names: [String]
        var place: (path: String, line: Int?)?
        /// What takes them out of effect, or the variable that nothing uses.
        var cause: String
    }

    let facts: LintFacts
    let unit: JudgedUnit?
    /// The proxy client certificate; nil where there is none that can be read.
    let leaf: CertificateSummary?
    let pair: LintPair
    /// Of a command that a later file replaces.
    let overridden: [Lost]
    /// Of variables that the command does not use.
    let unused: [Lost]
    /// Of variables in drop-ins whose unit is not there, so that no command uses them.
    let waiting: [Lost]
    /// Whether it is known which flags kube-apiserver gets.
    let knowsFlags: Bool

    static let caFlag = "requestheader-client-ca-file"
    static let certificateFlag = "proxy-client-cert-file"
    static let keyFlag = "proxy-client-key-file"
    static let namesFlag = "requestheader-allowed-names"
    static let userFlag = "requestheader-username-headers"
    static let groupFlag = "requestheader-group-headers"
    static let extraFlag = "requestheader-extra-headers-prefix"
    static let uidFlag = "requestheader-uid-headers"
    static let lists = [namesFlag, userFlag, groupFlag, extraFlag, uidFlag]
    static let clientCAFlag = "client-ca-file"
    static let files = [caFlag, certificateFlag, keyFlag]

    init(_ facts: LintFacts) {
        self.facts = facts
        unit = facts.unit
        pair = LintPair(facts.certificate.certificates, publicKey: facts.key.publicKeySHA256)
        leaf = pair.leaf.map { facts.certificate.certificates[$0] }
        guard let unit = facts.unit else {
            (overridden, unused, waiting, knowsFlags) = ([], [], [], false)
            return
        }
        knowsFlags = unit.isClear || unit.command == nil && !unit.arguments.isEmpty
        overridden = Self.overridden(unit)
        unused = Self.unused(unit)
        waiting = unit.isWaiting ? Self.variables(unit) : []
    }

    var flags: EffectiveFlags? { unit?.flags }

    /// What of `APIServerFlags` is given, the routing flag left out.
    var given: [EffectiveFlags.Occurrence] {
        (flags?.occurrences ?? []).filter {
            APIServerFlags.names.contains($0.name) && $0.name != APIServerFlags.routingName
        }
    }

    /// Whether the flag is certainly not given, and no other rule says why.
    func lacks(_ flag: String) -> Bool {
        guard knowsFlags, let flags, !flags.has(flag) else { return false }
        return !(overridden + unused).contains { $0.names.contains(flag) }
    }

    /// Whether the flag has a value.
    func sets(_ flag: String) -> Bool {
        if Self.lists.contains(flag) { return !(flags?.list(flag) ?? []).isEmpty }
        return !(flags?.string(flag) ?? "").isEmpty
    }

    /// Where a flag is given last.
    func place(_ flag: String) -> (path: String, line: Int?)? {
        guard let unit, let last = unit.flags.occurrences.last(where: { $0.name == flag }) else { return nil }
        return unit.place(last)
    }

    /// Where the command is.
    var commandPlace: (path: String, line: Int?)? {
        guard let unit else { return nil }
        if let command = unit.command { return JudgedUnit.split(command.place) }
        if let pod = unit.pod { return (pod.path, pod.words.first?.line) }
        return unit.sources.first.map { ($0.path, nil) }
    }

    /// Whether two times of certificates can be judged: the CA's file was read.
    var cas: [CertificateSummary] { facts.ca.certificates }

    // MARK: - Flags without effect

    private static func ownNames(_ words: [String]) -> [String] {
        let names = EffectiveFlags.parse(arguments: words).occurrences.map(\.name)
        return APIServerFlags.names.filter { names.contains($0) && $0 != APIServerFlags.routingName }
    }

    private static func overridden(_ unit: JudgedUnit) -> [Lost] {
        guard let service = unit.service, let command = unit.command else { return [] }
        return service.replacedStarts.compactMap { assignment in
            guard let old = try? ExecCommand(assignment) else { return nil }
            let words = old.expand(environment: service.environment).arguments.map(\.pattern.description)
            let lost = ownNames(words).filter { !unit.flags.has($0) }
            guard !lost.isEmpty else { return nil }
            return Lost(names: lost, place: JudgedUnit.split(assignment.place), cause: command.place)
        }
    }

    private static func unused(_ unit: JudgedUnit) -> [Lost] {
        guard let command = unit.command else { return [] }
        let used = Set(
            command.words.flatMap { word in
                switch word.expansion {
                case .none: [String]()
                case .split(let name): [name]
                case .embedded(let names): names
                }
            })
        let shell = ShellCommand(command)
        return variables(unit).compactMap { lost in
            guard !used.contains(lost.cause), shell?.uses(lost.cause) ?? 0 == 0 else { return nil }
            var lost = lost
            lost.names.removeAll { unit.flags.has($0) }
            return lost.names.isEmpty ? nil : lost
        }
    }

    /// Variables that hold flags of the aggregation layer.
    private static func variables(_ unit: JudgedUnit) -> [Lost] {
        guard let environment = unit.service?.environment else { return [] }
        return environment.names.sorted().compactMap { name in
            guard let value = environment[name] else { return nil }
            let names = ownNames(CommandExpansion.split(value).map(\.description))
            return names.isEmpty
                ? nil : Lost(names: names, place: unit.place(ofVariable: name), cause: name)
        }
    }
}
