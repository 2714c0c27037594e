// SPDX-License-Identifier: Apache-2.0

import Values

/// What is wrong with a certificate that was signed elsewhere: it is not the one that was asked for.
package enum SignedErrorCode: String, ErrorCode {
    /// No certificate, or something that cannot be read as one.
    case unreadable = "signed/unreadable"
    case otherKey = "signed/other-key"
    case notAllowed = "signed/not-allowed"
    case subject = "signed/subject"
    case hosts = "signed/hosts"
    case notAClient = "signed/not-a-client"
    case usages = "signed/usages"
    case isCA = "signed/is-ca"
    case weak = "signed/weak"
    case otherCA = "signed/other-ca"
    case notYetValid = "signed/not-yet-valid"
    case expired = "signed/expired"
    case tooShort = "signed/too-short"
    case outlivesCA = "signed/outlives-ca"
    /// A kube-apiserver would refuse it for another reason.
    case refused = "signed/refused"
}

/// Why a certificate that was signed elsewhere is not used.
package typealias SignedError = CodedError<SignedErrorCode>
