// SPDX-License-Identifier: Apache-2.0

import Values

/// Which way a change of a node went.
package enum ChangeCause: String, Sendable, Equatable {
    /// To what the spec says.
    case spec
    /// To what was there before: what it replaced is of later.
    case back
    /// To what was there before a roll-back: what it replaced is of earlier.
    case forward
}
