// SPDX-License-Identifier: Apache-2.0

import Values

/// One thing that has been shown to hold on a node, or not.
package struct Proof: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        case passed
        case failed
        /// It could not be made; the text says why.
        case notProven
    }

    /// Stable, for example `identity`.
    package var name: String
    package var outcome: Verdict
    /// What was seen.
    package var text: Message

    package init(_ name: String, _ outcome: Verdict, _ text: Message) {
        self.name = name
        self.outcome = outcome
        self.text = text
    }
}
