// SPDX-License-Identifier: Apache-2.0

import Values

/// Something of a cfssl file that the spec does not say in the same way.
package struct CFSSLNote: Sendable, Equatable, CustomStringConvertible {
    /// nil where it is about no place in a file.
    package let place: String?
    package let message: Message

    /// With its place in front.
    package var line: Message { place.map { "\($0): note: \(message)" } ?? "note: \(message)" }

    package var description: String { line.description }
}
