// SPDX-License-Identifier: Apache-2.0

/// Where the aggregation flags are written.
package enum FlagsPlacement: String, Sendable, CaseIterable {
    case auto
    case dropIn
    case environmentFile
    case unit
}
