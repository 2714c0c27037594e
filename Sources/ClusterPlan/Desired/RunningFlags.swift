// SPDX-License-Identifier: Apache-2.0

extension APIServerFlags {
    /// Whether a process was started with these aggregation flags, each once, and with no other of them.
    /// - Parameter argv: its command line, the program's name first.
    package func areExactlyIn(_ argv: [String]) -> Bool {
        Self.own(Array(argv.dropFirst())) == Self.own(arguments)
    }

    private static func own(_ arguments: [String]) -> [ByteText] {
        EffectiveFlags.parse(arguments: arguments).occurrences
            .filter { names.contains($0.name) }
            .map { "\($0.name)=\($0.value ?? "true")".bytes }
            .sorted()
    }
}
