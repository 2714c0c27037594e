// SPDX-License-Identifier: Apache-2.0

/// How long a certificate is valid; always positive.
package struct ValidityPeriod: Sendable, Hashable, CustomStringConvertible {
    package let seconds: Int64

    package init(seconds: Int64) { self.seconds = seconds }

    /// Days where it is a whole number of days, else hours, else seconds.
    package var description: String {
        if seconds % 86400 == 0 { return "\(seconds / 86400)d" }
        return seconds % 3600 == 0 ? "\(seconds / 3600)h" : "\(seconds)s"
    }
}
