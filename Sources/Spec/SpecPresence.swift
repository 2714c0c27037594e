// SPDX-License-Identifier: Apache-2.0

import Values

/// Whether a key must be there, and what holds where it is not.
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
    case derived(Message)
}
