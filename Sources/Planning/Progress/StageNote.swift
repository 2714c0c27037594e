// SPDX-License-Identifier: Apache-2.0

import Values

/// What a stage of a CA's rotation says.
package enum StageNote: Sendable, Equatable {
    case preflight(Preflight)
    case issue(Issue)
    case trust(Trust)
    case extensions(Extensions)
    /// Certificates of this CA are being installed.
    case leaves(subject: String)
    /// Until connections with old certificates have ended.
    case soak(seconds: Int, until: UnixTime)
    case drop(Drop)
    case proof(Proof)

    package enum Preflight: Sendable, Equatable {
        case controlPlanes(Int)
        /// The layer is not on there yet.
        case skipped(nodes: [String])
        /// A change of a run that was killed.
        case undone(nodes: [String])
        /// Files and names go to where the spec wants them, with the CA that is there.
        case moves(from: [String])
        case emergencyOrder
        /// The open rotation is an emergency's already; keys that were lost since need another one.
        case againAfterwards(since: String)
        /// The new CA was made before its keys were known to be in danger.
        case replacesAgain
        /// Another copy of the state has issued what the control planes present under the new CA.
        case replacesOtherLeaves
        /// What a run would do, where this one only checks.
        case would(Outlook)
    }

    package enum Outlook: Sendable, Equatable {
        case undo(node: String)
        /// Where the certificates lie now.
        case move(from: [String])
        case takeEmergencyOrder
        case continueWith(RotationStage)
        case returnToOldCA
        /// So many extension API servers trust what they are to trust today.
        case waitForExtensions(Int)
        /// One that would not be ready for a new CA.
        case waitInVain(Server)
        /// No control plane was changed.
        case end
    }

    package enum Issue: Sendable, Equatable {
        case ca(subject: String, until: UnixTime, keepsKey: Bool)
        case clients(Int, issuer: String)
        case crossCertificate(subject: String, issuer: String, until: UnixTime)
        /// It was asked for, and an abort needs none.
        case noCrossCertificate
    }

    package enum Trust: Sendable, Equatable {
        case installs
        case reader(TrustReaderNote)
        case reached
    }

    package enum Drop: Sendable, Equatable {
        case removes(subjects: [String])
        case reader(TrustReaderNote)
        case watchesConfigMap(seconds: Int, until: UnixTime)
        case reached
    }
}

extension StageNote {
    /// One extension API server, and what is wrong with it.
    package struct Server: Sendable, Equatable {
        package let endpoint: String
        package let service: String
        package let why: Message

        package init(endpoint: String, service: String, why: Message) {
            (self.endpoint, self.service, self.why) = (endpoint, service, why)
        }
    }

    package enum Extensions: Sendable, Equatable {
        /// There is no kubeconfig.
        case notChecked
        case waits(subject: String)
        case found(Int)
        /// An emergency goes on without it.
        /// - Parameter isVouchedFor: whether it takes new certificates by the cross certificate.
        case notWaitedFor(Server, isVouchedFor: Bool)
        /// It takes new certificates by the cross certificate of this CA, until then.
        case vouchedFor(endpoint: String, service: String, issuer: String, until: UnixTime)
        case reached
        /// How many an emergency went on without.
        case reachedWithout(Int)
    }

    package enum Proof: Sendable, Equatable {
        case waitsForRefusal
        case refused
        case waitsForExtensions
        /// There is no kubeconfig.
        case extensionsNotSeen
        /// CAs that have the name of a client CA: whether extension API servers trust them cannot be seen.
        case cannotBeTold(subjects: [String])
        case skipped(Server)
        /// A file beside the CA's on a control plane that may be its key.
        case oldKey(node: String, path: String, OldKey)
        /// CAs that are not trusted for the front proxy any more, and are client CAs still.
        /// - Parameter isKeyLost: whether others may have the CA's own key, and not only one that it signed.
        case clientCAStays(subjects: [String], isKeyLost: Bool)
        case reached
        /// By a run before.
        case reachedBefore
        case abortedBeforeCertificates
        /// The signature of an aborted rotation's cross certificate cannot be taken back.
        case staysValid(subject: String, issuer: String, until: UnixTime)
    }

    /// What became of a key that lay beside the CA's certificate.
    package enum OldKey: Sendable, Equatable {
        case removed
        /// By the new CA's.
        case replaced
        /// A program has its path in its command line.
        case inUse(by: String)
        /// It lies where the CA was before its files were moved: others may use it.
        case elsewhere
        /// It is neither the old CA's nor the new one's, or cannot be read.
        case unknown
    }

    package var stage: RotationStage {
        switch self {
        case .preflight: .preflight
        case .issue: .issue
        case .trust: .trust
        case .extensions: .extensions
        case .leaves: .leaves
        case .soak: .soak
        case .drop: .drop
        case .proof: .proof
        }
    }
}
