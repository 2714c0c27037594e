// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// What is being done to which URL: the part of an error that is known beforehand.
struct Attempt: Sendable {
    let operation: Message
    let subject: String

    func error(_ code: APIServerError.Code, _ underlying: Message, hint: Message? = nil) -> APIServerError {
        APIServerError(code, operation: operation, subject: subject, underlying: underlying, hint: hint)
    }

    func system(_ code: APIServerError.Code, _ number: Int32, hint: Message? = nil) -> APIServerError {
        error(code, Message(system: strerror(number)), hint: hint)
    }

    func timeout(_ phase: Message) -> APIServerError {
        error(
            .timeout, "no answer in time during the \(phase)",
            hint: "the server may be overloaded, or a firewall may drop the packets")
    }
}
