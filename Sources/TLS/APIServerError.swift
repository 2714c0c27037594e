// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// Why a running API server could not be asked, or could not be believed.
package struct APIServerError: ReportedError, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
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

    package let code: Code
    /// `GET`, `connect to`, `handshake with`, ...
    package let operation: String
    /// `https://ADDRESS:PORT/path`.
    package let subject: String
    /// The cause as the system, OpenSSL or the server words it.
    package let underlying: String
    package let hint: String?

    package init(
        _ code: Code, operation: String, subject: String, underlying: String, hint: String? = nil
    ) {
        self.code = code
        self.operation = operation
        self.subject = subject
        self.underlying = underlying
        self.hint = hint
    }

    package var reportedCode: String { code.rawValue }
    package var description: String { "cannot \(operation) \(subject): \(underlying)" }
}

/// What is being done to which URL: the part of an error that is known beforehand.
struct Attempt: Sendable {
    let operation: String
    let subject: String

    func error(_ code: APIServerError.Code, _ underlying: String, hint: String? = nil) -> APIServerError {
        APIServerError(code, operation: operation, subject: subject, underlying: underlying, hint: hint)
    }

    func system(_ code: APIServerError.Code, _ number: Int32, hint: String? = nil) -> APIServerError {
        error(code, String(cString: strerror(number)), hint: hint)
    }

    func timeout(_ phase: String) -> APIServerError {
        error(
            .timeout, "no answer in time during the \(phase)",
            hint: "the server may be overloaded or filtered")
    }
}
