// SPDX-License-Identifier: Apache-2.0

import Values

/// What can go wrong with an API server's answer.
package enum APIServerErrorCode: String, ErrorCode {
    /// No TCP connection: refused, no route, no such host.
    case unreachable = "api/unreachable"
    /// The time ran out.
    case timeout = "api/timeout"
    /// Somebody else answers, or the server's certificate is not to be trusted.
    case trust = "api/trust"
    /// What was given to trust or to present is no certificate or no matching key.
    case identity = "api/identity"
    /// The TLS session broke, or the other side does not speak TLS.
    case tls = "api/tls"
    /// The answer is not HTTP/1.1 as RFC 9112 has it, or ends too early.
    case http = "api/http"
    /// An HTTP status that says nothing about what was asked.
    case status = "api/status"
    /// An answer of 200 whose body is not what the API documents.
    case body = "api/body"
    /// The answer exceeds a limit.
    case tooLarge = "api/too-large"
    /// The request cannot be sent as it stands: a header or path with a forbidden character.
    case invalidRequest = "api/invalid-request"
}

/// Why a running API server could not be asked, or could not be believed.
package typealias APIServerError = CodedError<APIServerErrorCode>
