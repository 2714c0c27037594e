// SPDX-License-Identifier: Apache-2.0

/// Why a run, or a step of it, stopped. Its code is, for example, `state/other-cluster`.
package typealias BootstrapError = CodedError<String>

extension BootstrapError {
    /// - Parameter message: what, on which thing, why; lower case, no full stop.
    package init(
        _ code: String, status: ExitStatus = .failed, _ message: Message, hint: Message? = nil,
        details: [Message] = [], nodes: [NodeResult] = []
    ) {
        self.init(
            code, status: status, operation: "", subject: "", underlying: message, hint: hint,
            details: details, nodes: nodes)
    }

    /// An error from below with more said of it: its code, its hint and its details stay.
    ///
    /// - Parameters:
    ///   - status: another status; nil keeps the error's own.
    ///   - words: makes the message of the error's.
    ///   - more: lines behind the error's own details.
    ///   - nodes: what became of each node; nil keeps the error's own.
    package init(
        extending error: any Error, status: ExitStatus? = nil, details more: [Message] = [],
        nodes: [NodeResult]? = nil,
        _ words: (Message) -> Message = { $0 }
    ) {
        let report = ErrorReport(error)
        self.init(
            report.code, status: status ?? report.status, words(report.message), hint: report.hint,
            details: report.details + more, nodes: nodes ?? report.nodes)
    }
}
