// SPDX-License-Identifier: Apache-2.0

/// A kube-apiserver that is asked at its endpoint; each question is a connection of its own.
package struct TLSAPIServer: APIServer {
    private let endpoint: APIServerEndpoint
    private let trust: ServerTrust

    package init(_ endpoint: APIServerEndpoint, trust: ServerTrust) {
        (self.endpoint, self.trust) = (endpoint, trust)
    }

    package func handshake() throws(APIServerError) -> HandshakeReport {
        try TLSHandshakeProbe.handshake(endpoint, trust: trust)
    }

    package func readiness(as caller: Caller) throws(APIServerError) -> ReadinessReport {
        try ReadinessProbe.readyz(endpoint, trust: trust, as: caller)
    }

    package func version(as caller: Caller) throws(APIServerError) -> ServerVersion {
        try VersionProbe.version(endpoint, trust: trust, as: caller)
    }

    package func identity(
        _ identity: ClientIdentity, _ user: ProbeUser, _ headers: RequestHeaderNames
    ) throws(APIServerError) -> IdentityOutcome {
        try IdentityProbe.probe(endpoint, trust: trust, identity: identity, user: user, headers: headers)
    }

    package func send(
        _ request: HTTPRequest, as caller: Caller, timeouts: RequestTimeouts
    ) throws(APIServerError) -> HTTPResponse {
        try HTTPSClient.send(request, to: endpoint, trust: trust, as: caller, timeouts: timeouts)
    }
}
