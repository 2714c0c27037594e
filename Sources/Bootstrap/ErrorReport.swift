// SPDX-License-Identifier: Apache-2.0

import APIServerAccess
import ClusterPlan
import NodeAccess
import PKI
import SystemdBus

/// Any error of this program in the one form that is shown: code, message, hint, details, exit status.
package struct ErrorReport: Sendable {
    package let code: String
    package let status: ExitStatus
    package let message: String
    package let hint: String?
    package let details: [String]

    package init(_ error: any Error) {
        var (code, status, hint, details) = (
            "internal/unexpected", ExitStatus.failed, String?.none, [String]()
        )
        switch error {
        case let error as BootstrapError:
            (code, status, hint, details) = (error.code, error.status, error.hint, error.details)
        case let error as SpecProblems:
            (code, status) = ("spec/invalid", .badSpec)
            _ = error
        case let error as NodeError:
            (code, hint) = (error.code.rawValue, error.advice)
            if error.code == .locked { status = .locked }
        case let error as UnitError: (code, hint) = ("unit/\(error.code.rawValue)", error.hint)
        case let error as PKIError: (code, hint) = (error.code.rawValue, error.hint)
        case let error as BusError: (code, hint) = (error.code.rawValue, error.hint)
        case let error as APIServerError: (code, hint) = (error.code.rawValue, error.hint)
        default: hint = "this is a bug in aggbootstrap"
        }
        self.code = code
        self.status = status
        self.hint = hint
        self.details = details
        message = "\(error)"
    }
}
