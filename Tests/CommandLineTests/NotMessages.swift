// SPDX-License-Identifier: Apache-2.0

import Foundation

/// NotMessages.txt: the literals of the sources that need no translation.
struct NotMessages {
    private struct Exclusion {
        let line: String
        let file: String
        /// Nil for all of the file.
        let template: String?

        init(_ line: String) {
            self.line = line
            let parts = line.split(separator: ": ", maxSplits: 1).map(String.init)
            file = parts[0]
            template = parts.count > 1 ? parts[1].replacing("\\n", with: "\n") : nil
        }

        func covers(_ other: String) -> Bool {
            guard let template else { return true }
            return template.hasSuffix("…") ? other.hasPrefix(template.dropLast()) : other == template
        }
    }

    private let exclusions: [String: [Exclusion]]

    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingPathExtension().path + ".txt"
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        exclusions = Dictionary(
            grouping: lines.filter { !$0.hasPrefix("#") }.map { Exclusion(String($0)) }, by: \.file)
    }

    /// Whether a literal, or one that it is a value of, needs no translation.
    func cover(_ found: MessageTemplates.Found) -> Bool {
        exclusions[found.file, default: []].contains { exclusion in
            ([found.template] + found.within).contains(where: exclusion.covers)
        }
    }

    /// Those that cover nothing.
    func unused(for all: [MessageTemplates.Found]) -> [String] {
        let byFile = Dictionary(grouping: all, by: \.file)
        return exclusions.values.joined().filter { exclusion in
            !byFile[exclusion.file, default: []].contains { exclusion.covers($0.template) }
        }.map(\.line).sorted()
    }
}
