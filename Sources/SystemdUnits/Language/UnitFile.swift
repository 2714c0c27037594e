// SPDX-License-Identifier: Apache-2.0

import Values

/// A unit file's assignments in their order, as systemd 252 reads them.
///
/// Source: systemd.syntax(7), and `config_parse()` where the manual is silent.
package struct UnitFile: Sendable, Equatable {
    package let path: String
    package let assignments: [UnitAssignment]
    /// Numbers of lines in `[Service]` that begin with `--`: no setting does, but a command that was broken off.
    package let strayLines: [Int]

    /// - Throws: `UnitError` with `unreadableText` or `badSyntax`; systemd would not load such a file.
    package static func parse(_ source: UnitText) throws(UnitError) -> UnitFile {
        var reader = try UnitLineReader(source)
        var section: String?
        var assignments: [UnitAssignment] = []
        var strayLines: [Int] = []
        while let line = try reader.next() {
            let content = line.stripped(0..<line.bytes.count)
            guard let first = content.first else { continue }
            if line.bytes[first] == UInt8(ascii: "[") {
                section = try Self.section(line, content, source.path)
            } else if section == "Service", line.bytes[content].starts(with: "--".utf8) {
                strayLines.append(line.number)
            } else if let section {
                if let found = UnitAssignment(section: section, path: source.path, line: line) {
                    assignments.append(found)
                }
            }
            // An assignment before the first section has no effect.
        }
        return UnitFile(path: source.path, assignments: assignments, strayLines: strayLines)
    }

    private static func section(
        _ line: LogicalLine, _ content: Range<Int>, _ path: String
    ) throws(UnitError) -> String {
        let text = line.text(content)
        let name = text.dropFirst().dropLast()
        let isSafe = !name.utf8.contains { $0 < 0x20 || $0 == 0x7F || "\"'\\".utf8.contains($0) }
        guard text.hasSuffix("]"), content.count >= 2, isSafe else {
            throw UnitError(
                .badSyntax, "read", path, line: line.number, cause: "invalid section header \(text)")
        }
        return String(name)
    }
}
