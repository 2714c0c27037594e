// SPDX-License-Identifier: Apache-2.0

/// One word of a value: where it stands in the logical line, and what it means once quotes and escapes are gone.
struct UnitWord: Equatable {
    var range: Range<Int>
    var value: [UInt8]
    /// Whether it holds a backslash that starts no known escape; a command keeps it, `Environment=` stops at it.
    var unknownEscape: Bool
}
