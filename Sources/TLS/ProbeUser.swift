// SPDX-License-Identifier: Apache-2.0

import Secrets

/// The user that a probe asks as: one that nobody grants anything to.
///
/// The proxy-client certificate may name any user and group, `system:masters` too. A probe therefore cannot choose
/// freely: the prefix keeps it from being somebody, and there is no way to pass a group.
package struct ProbeUser: Sendable, Equatable, CustomStringConvertible {
    package static let prefix = "aggbootstrap-probe-"
    /// The group that every authenticated request has anyway.
    static let group = "system:authenticated"

    /// The whole user name.
    package let description: String

    /// - Parameter suffix: 1 to 40 of `a-z`, `0-9` and `-`; a new one for each run, so that an answer that quotes it
    ///   is an answer to this run.
    /// - Returns: nil where `suffix` is not of that form.
    package init?(suffix: String) {
        let allowed = suffix.utf8.allSatisfy {
            (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d
        }
        guard allowed, (1...40).contains(suffix.utf8.count) else { return nil }
        description = Self.prefix + suffix
    }
}
