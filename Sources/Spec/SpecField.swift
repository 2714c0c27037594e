// SPDX-License-Identifier: Apache-2.0

import Values

/// An object of the spec: one row per key that it may have.
package struct SpecObject: Sendable {
    /// For a schema's definitions, for example `proxyClient`.
    package let name: String
    package let summary: String
    /// In the order in which they are documented.
    package let fields: [SpecField]

    /// The position of the field called `key`; nil where there is none.
    package func index(of key: String) -> Int? {
        fields.firstIndex { SpecText.isSame($0.name, key) }
    }
}

/// A key of the spec: what it holds, and what is said about it.
package struct SpecField: Sendable {
    package let name: String
    package let type: SpecType
    package let presence: SpecPresence
    /// One sentence with a capital letter and a full stop.
    package let summary: String
    /// A value in JSON.
    package let example: String
    /// What other programs (cfssl) call it: people who write that are led here.
    package let alsoKnownAs: [String]

    init(
        _ name: String, _ type: SpecType, _ presence: SpecPresence, _ summary: String, example: String,
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

/// What a value may be.
package indirect enum SpecType: Sendable {
    case boolean
    /// A whole number; what is allowed beside it may forbid some of these.
    case integer(oneOf: [Int])
    case text(SpecFormat)
    /// One of these texts.
    case choice([String])
    /// Texts or objects; `unique` texts differ from each other.
    case list(SpecType, count: ClosedRange<Int>, unique: SpecUniqueness)
    case object(SpecObject)

    /// In words, for example `an array`.
    package var words: String {
        switch self {
        case .boolean: "true or false"
        case .integer: "a whole number"
        case .text, .choice: "a string"
        case .list: "an array"
        case .object: "an object"
        }
    }
}

/// Whether a list may hold a text twice.
package enum SpecUniqueness: Sendable {
    case repeatable
    case distinct
    /// Texts that differ only in letter case are the same.
    case distinctIgnoringCase
}

/// Whether a key has to be there, and what holds where it is not.
package enum SpecPresence: Sendable, Equatable {
    case required
    /// Without it the thing is absent.
    case optional
    /// A text, also for a choice.
    case defaultText(String)
    case defaultBoolean(Bool)
    case defaultTexts([String])
    /// An object in which every key has its own default.
    case defaultObject
    /// Follows from elsewhere, as these words say.
    case derived(String)
}
