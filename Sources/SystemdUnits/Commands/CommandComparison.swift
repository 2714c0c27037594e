// SPDX-License-Identifier: Apache-2.0

import Values

/// Where a command of the files and one that systemd or the kernel reports are not the same.
package struct CommandComparison: Sendable, Equatable {
    package enum Difference: Sendable, Equatable, CustomStringConvertible {
        /// In the files, not in the report.
        case missing(String)
        /// In the report, not in the files.
        case added(String)

        package var description: String {
            switch self {
            case .missing(let argument): "-\(argument)"
            case .added(let argument): "+\(argument)"
            }
        }
    }

    /// Which arguments count.
    package enum Scope: Sendable {
        case everything
        /// The flags of `APIServerFlags.names` are left out on both sides.
        case withoutAggregationFlags
    }

    /// Empty where the two are the same, as far as the files tell.
    package let differences: [Difference]
    /// Where variables of the command might come from that were not given; then differences may come of that.
    package let unseen: [ServiceEnvironment.Unseen]

    package var isSame: Bool { differences.isEmpty }

    init(
        _ wanted: [ArgumentPattern], _ actual: [String], _ scope: Scope = .everything,
        unseen: [ServiceEnvironment.Unseen] = []
    ) {
        var (wanted, actual) = (wanted, actual)
        if scope == .withoutAggregationFlags {
            let own = Self.aggregationArguments(wanted.map(\.description))
            wanted = wanted.indices.filter { !own.contains($0) }.map { wanted[$0] }
            let others = Self.aggregationArguments(actual)
            actual = actual.indices.filter { !others.contains($0) }.map { actual[$0] }
        }
        differences = Self.differences(wanted, actual)
        self.unseen = unseen
    }

    /// Indices of the arguments that make up an aggregation flag; argv[0] is never one.
    static func aggregationArguments(_ arguments: [String]) -> Set<Int> {
        let flags = EffectiveFlags.parse(commandLine: arguments)
        return Set(flags.occurrences.filter { APIServerFlags.names.contains($0.name) }.flatMap(\.arguments))
    }

    /// The shortest way from one to the other, so that one argument more is one difference; what is missing comes before
    /// what is added in its place.
    private static func differences(_ wanted: [ArgumentPattern], _ actual: [String]) -> [Difference] {
        let changes = SequenceChanges(from: wanted.count, to: actual.count) { wanted[$0].matches(actual[$1]) }
        let missing = changes.removed.map { (($0, 0), Difference.missing(wanted[$0].description)) }
        let added = changes.inserted.map { (($0, 1), Difference.added(actual[$0])) }
        return (missing + added).sorted { $0.0 < $1.0 }.map(\.1)
    }
}

extension ExecCommand {
    /// Compares with the argv of the bus property `ExecStart`: specifiers are expanded in it, variables not.
    package func matchesBus(
        argv: [String], scope: CommandComparison.Scope = .everything
    ) -> CommandComparison {
        CommandComparison(arguments.map { ArgumentPattern(expanding: $0.value) }, argv, scope)
    }

    /// Compares with the arguments of the running process: specifiers and variables are expanded in them.
    ///
    /// - Parameter argv: `/proc/PID/cmdline`, split at its NULs.
    package func matchesRunning(
        argv: [String], environment: ServiceEnvironment, scope: CommandComparison.Scope = .everything
    ) -> CommandComparison {
        let expansion = expand(environment: environment)
        // What a shell makes of its text is known from the process alone.
        if ShellCommand(self) != nil { return CommandComparison([], []) }
        var wanted = expansion.arguments.map(\.pattern)
        // A program such as env or nice is gone once kube-apiserver has taken its place.
        let (program, running) = (CommandProgram(self, wanted.map(\.description)), CommandProgram(argv))
        if program.kind == .apiServer, running.kind == .apiServer, program.ownStart > running.ownStart {
            wanted.removeFirst(program.ownStart - running.ownStart)
        }
        return CommandComparison(wanted, argv, scope, unseen: expansion.unseen)
    }
}
