// SPDX-License-Identifier: Apache-2.0

import Values

extension APIServerFlags {
    /// Whether a process was started with these aggregation flags, each once, and with no other of them.
    /// - Parameter argv: its command line, the program's name first.
    package func areExactlyIn(_ argv: [String]) -> Bool {
        Self.own(EffectiveFlags.parse(commandLine: argv)) == Self.own(.parse(arguments: arguments))
    }

    private static func own(_ flags: EffectiveFlags) -> [ByteText] {
        flags.occurrences
            .filter { names.contains($0.name) }
            .map { "\($0.name)=\($0.value ?? "true")".bytes }
            .sorted()
    }
}
