// SPDX-License-Identifier: Apache-2.0

import Values

/// Reads which CAs a running server trusts, without credentials.
package enum TLSHandshakeProbe {
    /// Connects, and hangs up after the handshake.
    ///
    /// kube-apiserver asks for a client certificate and takes none for an answer; a server that insists on one
    /// needs an `identity`.
    ///
    /// - Throws: `.trust` where another server answers; `.unreachable`, `.timeout`, `.tls`, `.identity`.
    package static func handshake(
        _ endpoint: APIServerEndpoint, trust: ServerTrust, identity: ClientIdentity? = nil,
        timeouts: RequestTimeouts = RequestTimeouts()
    ) throws(APIServerError) -> HandshakeReport {
        let attempt = Attempt(operation: "do a TLS handshake with", subject: endpoint.description)
        let connection = try TLSConnection.open(endpoint, trust, identity, timeouts, attempt)
        // To its very end: in TLS 1.2 nothing vouches for the list of names before the server's Finished message.
        try connection.handshake()
        guard connection.observer.presented != nil else {
            throw attempt.error(.tls, "the server presented no certificate")
        }
        return HandshakeReport(acceptedCAs: connection.observer.acceptedCAs)
    }
}
