// SPDX-License-Identifier: Apache-2.0

import Values

/// A JSON file of cfssl, as its user calls it.
package struct CFSSLFile: Sendable {
    package let name: String
    package let bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}
