// SPDX-License-Identifier: Apache-2.0

/// What one running kube-apiserver is asked, with its answers: `TLSAPIServer` asks over TLS, and a test of what is done
/// with the answers gives them itself.
package protocol APIServer: Sendable {
    /// What it says before anybody has said who asks.
    func handshake() throws(APIServerError) -> HandshakeReport
    func readiness(as caller: Caller) throws(APIServerError) -> ReadinessReport
    func version(as caller: Caller) throws(APIServerError) -> ServerVersion
    /// What it makes of a proxy client's certificate and key.
    func identity(
        _ identity: ClientIdentity, _ user: ProbeUser, _ headers: RequestHeaderNames
    ) throws(APIServerError) -> IdentityOutcome
    /// Any other request; any status is an answer.
    func send(
        _ request: HTTPRequest, as caller: Caller, timeouts: RequestTimeouts
    ) throws(APIServerError) -> HTTPResponse
}
