// SPDX-License-Identifier: Apache-2.0

/// How the server that answers is told from an impostor.
package enum ServerTrust: Sendable {
    /// The server's own certificate must equal, byte for byte, the first certificate of this PEM text.
    ///
    /// Neither names nor dates count: the bytes say who it is.
    case pinned(certificatePEM: [UInt8])
    /// The server's chain must lead to a certificate of this PEM text, and name the endpoint's address.
    case ca(pem: [UInt8])
    /// Nothing says who answers: only to read what a server says of itself, and never to
    /// present anything to.
    case nobody
}
