// SPDX-License-Identifier: Apache-2.0

import Values

/// One `-----BEGIN LABEL-----` ... `-----END LABEL-----` in a PEM text (RFC 7468).
package struct PEMBlock {
    package let label: String
    /// Bytes of the text, from the first dash to the end of the END line.
    package let range: Range<Int>

    package var isPrivateKey: Bool { label == "PRIVATE KEY" || label.hasSuffix(" PRIVATE KEY") }
}
