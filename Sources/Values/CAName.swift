// SPDX-License-Identifier: Apache-2.0

/// The name of a CA that a server says it accepts.
package struct CAName: Sendable, Equatable {
    /// DER of the X.501 name: what compares.
    package let der: [UInt8]
    /// RFC 2253 text, safe to show; nil where the name cannot be read.
    package let text: String?

    package init(der: [UInt8], text: String?) {
        self.der = der
        self.text = text
    }
}
