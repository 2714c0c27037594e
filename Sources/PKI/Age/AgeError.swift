// SPDX-License-Identifier: Apache-2.0

import Values

/// Why a file under a passphrase cannot be opened.
package enum AgeErrorCode: String, ErrorCode {
    /// It is no file in the age format.
    case notAge = "archive/not-age"
    /// It is encrypted to a key and not with a passphrase.
    case notPassphrase = "archive/not-passphrase"
    /// To try one passphrase takes more memory than is allowed.
    case workFactor = "archive/work-factor"
    case wrongPassphrase = "archive/wrong-passphrase"
    /// It ends too early.
    case truncated = "archive/truncated"
    /// A part of it is not what was written.
    case damaged = "archive/damaged"

    package func usualHint(on subject: Message) -> Message? {
        switch self {
        case .notAge:
            "give a file that `aggbootstrap state export` wrote, or a tar archive of a state directory, encrypted with `age -p`"
        case .notPassphrase: "decrypt it with `age -d -i KEY`, and encrypt it with `age -p`"
        case .workFactor: "encrypt it again: `age -d FILE | age -p >OTHER`"
        case .wrongPassphrase: "give the passphrase that it was exported with; `age -d FILE` asks for it"
        case .truncated, .damaged: "copy it again from where it was written, or export the state again"
        }
    }
}

/// Why a file under a passphrase cannot be opened.
package typealias AgeError = CodedError<AgeErrorCode>
