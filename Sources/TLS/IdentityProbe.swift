// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Asks a server as an aggregator would, and reads whom it saw.
///
/// The request asks for what a nobody is not allowed: the refusal quotes the user. Where everything is allowed to
/// everybody, a SelfSubjectReview (Kubernetes 1.28) tells.
package enum IdentityProbe {
    /// - Throws: as `HTTPSClient.send`; every HTTP status is an outcome.
    package static func probe(
        _ endpoint: APIServerEndpoint, trust: ServerTrust, identity: ClientIdentity, user: ProbeUser,
        headers: RequestHeaderNames = RequestHeaderNames(), timeouts: RequestTimeouts = RequestTimeouts()
    ) throws(APIServerError) -> IdentityOutcome {
        let caller = Caller.frontProxy(identity, user, headers)
        func send(_ request: HTTPRequest) throws(APIServerError) -> HTTPResponse {
            try HTTPSClient.send(request, to: endpoint, trust: trust, as: caller, timeouts: timeouts)
        }
        let forbidden = try send(HTTPRequest(.get, "/api/v1/nodes?limit=1", accept: "application/json"))
        if let outcome = outcome(of: forbidden, for: user) { return outcome }
        guard forbidden.status == 200 else { return notUnderstood(forbidden) }
        return reviewOutcome(try send(review), for: user)
    }

    private static let review = HTTPRequest(
        .post, "/apis/authentication.k8s.io/v1/selfsubjectreviews", accept: "application/json",
        body: Array(#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#.utf8))

    /// What a refusal (a `Status` object of meta/v1) says; nil for an answer that is none.
    static func outcome(of response: HTTPResponse, for user: ProbeUser) -> IdentityOutcome? {
        if response.status == 401 { return .rejected }
        guard response.status == 403,
            let refusal = response.json, refusal["kind"]?.text == "Status",
            let seen = refusal["message"]?.text.flatMap(quotedUser(in:))
        else { return nil }
        return seen == user.description ? .accepted(user: seen) : .takenFor(user: seen)
    }

    /// What a SelfSubjectReview's answer says, after a forbidden request was allowed.
    static func reviewOutcome(_ response: HTTPResponse, for user: ProbeUser) -> IdentityOutcome {
        if let outcome = outcome(of: response, for: user) { return outcome }
        switch response.status {
        case 200, 201:
            guard let seen = response.json?["status"]?["userInfo"]?["username"]?.text else { break }
            return seen == user.description ? .accepted(user: seen) : .takenFor(user: seen)
        case 404:
            return .inconclusive(
                reason: "everyone may list nodes there, and it has no SelfSubjectReview (Kubernetes 1.28)")
        default: break
        }
        return notUnderstood(response)
    }

    private static func notUnderstood(_ response: HTTPResponse) -> IdentityOutcome {
        .notUnderstood(status: response.status, excerpt: response.excerpt)
    }

    /// `nodes is forbidden: User "NAME" cannot list resource "nodes" in API group "" at the cluster scope`
    private static func quotedUser(in message: String) -> String? {
        let opening = #"User ""#
        let closing = #"" cannot "#
        guard let start = message.firstRange(of: opening),
            let end = message[start.upperBound...].firstRange(of: closing)
        else { return nil }
        return String(message[start.upperBound..<end.lowerBound])
    }
}
