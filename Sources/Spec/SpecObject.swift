// SPDX-License-Identifier: Apache-2.0

import Values

/// An object of the spec: one row per key that it may have.
package struct SpecObject: Sendable {
    /// For a schema's definitions, for example `proxyClient`.
    package let name: String
    package let summary: Message
    /// In the order in which they are documented.
    package let fields: [SpecField]

    /// The position of the field called `key`; nil where there is none.
    package func index(of key: String) -> Int? {
        fields.firstIndex { SpecText.isSame($0.name, key) }
    }
}
