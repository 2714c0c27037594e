// SPDX-License-Identifier: Apache-2.0

import Values

/// Whether a list may hold a text twice.
package enum SpecUniqueness: Sendable {
    case repeatable
    case distinct
    /// Texts that differ only in letter case are the same.
    case distinctIgnoringCase
}
