// SPDX-License-Identifier: Apache-2.0

import Values

/// What a server says in its TLS handshake.
package struct HandshakeReport: Sendable, Equatable {
    /// The names of the CAs whose client certificates the server says that it accepts, in its order.
    ///
    /// kube-apiserver lists the subjects of the client CA and the requestheader CA that it has loaded now; equal
    /// names collapse. nil where the server asked for no client certificate.
    package let acceptedCAs: [CAName]?

    /// DER of the names, which compares.
    package var acceptedCANames: [[UInt8]]? { acceptedCAs?.map(\.der) }
}
