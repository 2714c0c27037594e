// SPDX-License-Identifier: Apache-2.0

/// Any error of this program in the one form that is shown: code, message, hint, details, exit status.
package struct ErrorReport: Sendable {
    package let code: String
    package let status: ExitStatus
    package let message: Message
    package let hint: Message?
    package let details: [Message]
    package let nodes: [NodeResult]

    package init(_ error: any Error) {
        let reported = error as? any ReportedError
        code = reported?.reportedCode ?? "internal/unexpected"
        status = reported?.status ?? .failed
        hint = reported == nil ? "this is a bug in aggbootstrap" : reported?.reportedHint
        details = reported?.details ?? []
        nodes = reported?.nodes ?? []
        message = reported?.message ?? Message(verbatim: "\(error)")
    }
}
