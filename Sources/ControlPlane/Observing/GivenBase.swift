// SPDX-License-Identifier: Apache-2.0

import Planning
import SystemdUnits
import Values

/// The unit that a node gets where it has none of its own.
package struct GivenBase: Sendable {
    package let text: UnitText
    /// What `--base-unit` names; nil for the embedded default.
    package let file: String?

    package init(text: UnitText, file: String?) { (self.text, self.file) = (text, file) }

    /// A node's own unit wins, so that another one beside it would be left out without a word.
    /// - Parameters:
    ///   - own: the node's fragment.
    ///   - place: its path for messages.
    /// - Throws: `usage/base-unit-differs`.
    func check(against own: UnitText, at place: String, access: ObservedNode.Access) throws {
        guard let file, own.bytes != text.bytes else { return }
        throw BootstrapError(
            "usage/base-unit-differs", status: .usage,
            "\(place) and \(file) of --base-unit differ: one of them would be ignored",
            hint: access == .live
                ? "remove --base-unit: the node has its own unit"
                : "remove \(place) to use \(file), or run without --base-unit to keep \(place)")
    }
}

extension GivenFile {
    /// The tree's own file wins: what a run before wrote is merged no second time, and a newer file beside it would be left
    /// out without a word.
    /// - Parameters:
    ///   - own: the tree's file.
    ///   - place: its path for messages; `path` is that on the node.
    /// - Throws: `usage/base-file-differs`.
    func check(against own: String, at place: String, path: String) throws {
        guard !EnvironmentFile.isMerged(own, from: text) else { return }
        throw BootstrapError(
            "usage/base-file-differs", status: .usage,
            "\(place) and \(file) of --base-file differ in more than the aggregation flags: one of them would be ignored",
            hint:
                "remove \(place) to merge \(file) again, or run without --base-file \(path)=\(file) to keep "
                + place)
    }
}
