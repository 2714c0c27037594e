// SPDX-License-Identifier: Apache-2.0

import Planning

/// One entry of the ledger, as a history shows it.
package struct LedgerEntry: Sendable, Equatable {
    /// RFC 3339, as the ledger has it.
    package let time: String
    /// For example `issued-leaf`.
    package let event: String
    /// The control plane that it is about; nil where it is about more than one.
    package let node: String?
    /// Why it was done, or failed; nil where the entry does not say.
    package let because: String?
    /// Which way a rotation of the CA went; nil of others.
    package let direction: RotationTerms.Direction?
    /// Who did it, as `user@host`; nil in entries of earlier versions.
    package let by: String?
    /// The same in all entries of one run; nil in entries of earlier versions.
    package let run: String?

    /// - Parameter fields: the entry's members; nil without a time or an event.
    init?(_ fields: [String: String]) {
        guard let time = fields["time"], let event = fields["event"] else { return nil }
        (self.time, self.event) = (time, event)
        let owner = fields["owner"].flatMap { $0 == LeafOwner.shared ? nil : $0 }
        direction = fields["direction"].flatMap(RotationTerms.Direction.init)
        (node, because, by) = (fields["node"] ?? owner, fields["because"], fields["by"])
        run = fields["run"]
    }
}
