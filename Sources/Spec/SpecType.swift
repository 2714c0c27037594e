// SPDX-License-Identifier: Apache-2.0

import Values

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
    package var words: Message {
        switch self {
        case .boolean: "true or false"
        case .integer: "a whole number"
        case .text, .choice: "a string"
        case .list: "an array"
        case .object: "an object"
        }
    }
}
