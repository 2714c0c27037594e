// SPDX-License-Identifier: Apache-2.0

import Values

/// Something about control planes that a spec made of them does not say as they have it.
package enum AdoptionNote: Sendable, Equatable {
    package enum Role: Sendable, Equatable {
        case ca
        case proxyClient
    }

    // What the spec cannot keep.

    /// A file in another directory than the proxy client certificate.
    case otherDirectory(flag: String, path: String, directory: String)
    /// A node that differs from the one that the spec was made of.
    case differs(node: String, what: Message, found: Message, kept: Message)
    /// Attributes of a subject.
    case attributes(Role, [String])
    /// A usage or host of the proxy client certificate.
    case usage(String)
    case host(String)
    /// A key of a kind that is not issued.
    case key(Role, found: Message?)
    /// A certificate without a common name, or with one that a spec does not take.
    case commonName(Role, found: String?, kept: String)
    /// A flag whose value is no list that a spec takes.
    case flag(name: String, found: Message, kept: String)
    /// The requestheader CA is the client CA.
    case sharedCA(path: String, subject: String, kept: String)
    /// A unit whose files were changed since its kube-apiserver started; nil where they do not give the flag.
    case notRestarted(node: String, flag: String, running: String?, files: String?)

    // What does not work now.

    case ended(node: String, Role, UnixTime)
    case notYetValid(node: String, Role, UnixTime)
    /// None of its requestheader CAs has signed its proxy client certificate.
    case unsigned(node: String, path: String)

    // What init would refuse.

    /// What `plan` says; no nodes where it is about the cluster.
    case refused(nodes: [String], code: String, message: Message, hint: Message?)
    /// The CA's key is in no state directory that is known.
    case foreignCA(subject: String)

    // What init would change.

    /// kube-apiservers without the aggregation layer.
    /// - byHand: whether somebody else must add the flags.
    case layerOff(nodes: [String], byHand: Bool)
    /// `--requestheader-allowed-names` is empty or missing: any certificate of the CA counts.
    case anyName(kept: String)
    case nameNotAllowed(String)
    case noClientAuth
    /// Its certificates are issued once more, from the CA that was taken over.
    case clientsAreIssued
    /// A certificate is issued.
    /// - owner: as `CertificateIssue.owner`.
    case issues(owner: String?, because: Message)
    case files(nodes: [String], written: [String], removed: [String])
    /// Another mode or owner of a file.
    case metadata(node: String, path: String, found: Message, kept: Message)
    case continued(node: String)
    case restart(nodes: [String], unit: String, because: Message)
    case noRestart

    // What could be better.

    /// All nodes have the same key.
    case sharedPair
    case openKey(node: String, path: String, mode: UInt32)
    case longValidity(days: Int64)
    case ends(node: String, Role, UnixTime)
    case caKeyOnNode(node: String, path: String)

    // What to know.

    /// Nothing on the nodes says the cluster's name.
    case clusterName(String)
    case noKubeconfig
    case nothingToChange
    /// What `plan` says besides; no nodes where it is about the cluster.
    case noticed(nodes: [String], message: Message)

    /// Whether `init` refuses it because of a CA that only `rotate --ca` replaces.
    package var isCARefusal: Bool {
        switch self {
        case .foreignCA: true
        case .refused(_, let code, _, _): ["plan/foreign-ca", "plan/shared-ca"].contains(code)
        default: false
        }
    }

    package enum Kind: CaseIterable, Sendable {
        case broken
        case notKept
        case refusals
        case changes
        case advice
        case fact
    }

    package var kind: Kind {
        switch self {
        case .otherDirectory, .differs, .attributes, .usage, .host, .key, .commonName, .flag, .sharedCA,
            .notRestarted:
            .notKept
        case .ended, .notYetValid, .unsigned: .broken
        case .refused, .foreignCA: .refusals
        case .layerOff, .anyName, .nameNotAllowed, .noClientAuth, .clientsAreIssued, .issues, .files,
            .metadata, .continued, .restart, .noRestart:
            .changes
        case .sharedPair, .openKey, .longValidity, .ends, .caKeyOnNode: .advice
        case .clusterName, .noKubeconfig, .nothingToChange, .noticed: .fact
        }
    }
}
