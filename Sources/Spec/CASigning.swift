// SPDX-License-Identifier: Apache-2.0

/// Who has the requestheader CA's key, and so signs the proxy client certificates.
package enum CASigning: Sendable, Equatable {
    /// This program, which made the CA.
    case here
    /// A program, which gets a certificate request on its standard input and writes the certificate to its standard
    /// output.
    case command([String])
    /// People: requests are written, and the certificates taken once they are there.
    case byHand
}
