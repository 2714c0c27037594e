// SPDX-License-Identifier: Apache-2.0

import Values

/// A key of the spec: what it holds, and what is said about it.
package struct SpecField: Sendable {
    package let name: String
    package let type: SpecType
    package let presence: SpecPresence
    /// One sentence with a capital letter and a full stop.
    package let summary: Message
    /// A value in JSON.
    package let example: String
    /// What other programs (cfssl) call it: people who write that are led here.
    package let alsoKnownAs: [String]

    init(
        _ name: String, _ type: SpecType, _ presence: SpecPresence, _ summary: Message, example: String,
        alsoKnownAs: [String] = []
    ) {
        self.name = name
        self.type = type
        self.presence = presence
        self.summary = summary
        self.example = example
        self.alsoKnownAs = alsoKnownAs
    }
}
