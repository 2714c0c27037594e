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
    case differs(node: String, what: String, found: String, kept: String)
    /// Attributes of a subject.
    case attributes(Role, [String])
    /// A usage or host of the proxy client certificate.
    case usage(String)
    case host(String)
    /// A key of a kind that is not issued.
    case key(Role, found: String?)
    /// A certificate without a common name, or with one that a spec does not take.
    case commonName(Role, found: String?, kept: String)
    /// A flag whose value is no list that a spec takes.
    case flag(name: String, found: String, kept: String)

    // What init would change.

    /// kube-apiservers without the aggregation layer.
    case layerOff(nodes: [String])
    /// The requestheader CA is the client CA.
    case sharedCA(path: String, subject: String, kept: String)
    /// `--requestheader-allowed-names` is empty or missing: any certificate of the CA counts.
    case anyName(kept: String)
    case nameNotAllowed(String)
    case noClientAuth
    case openKey(node: String, path: String, mode: UInt32)

    // What could be better.

    /// All nodes have the same key.
    case sharedPair
    case longValidity(days: Int64)
    case ends(node: String, Role, UnixTime)
    case caKeyOnNode(node: String, path: String)

    // What to know.

    /// Nothing on the nodes says the cluster's name.
    case clusterName(String)
    /// The CA's key is in no state directory that is known.
    case foreignCA(subject: String)
    /// Its certificates are issued once more, from the CA that was taken over.
    case clientsAreIssued
    case noKubeconfig

    package var isForeignCA: Bool {
        if case .foreignCA = self { return true }
        return false
    }

    package enum Kind: CaseIterable, Sendable {
        case notKept
        case changes
        case advice
        case fact
    }

    package var kind: Kind {
        switch self {
        case .otherDirectory, .differs, .attributes, .usage, .host, .key, .commonName, .flag: .notKept
        case .layerOff, .sharedCA, .anyName, .nameNotAllowed, .noClientAuth, .openKey, .clientsAreIssued:
            .changes
        case .sharedPair, .longValidity, .ends, .caKeyOnNode: .advice
        case .clusterName, .foreignCA, .noKubeconfig: .fact
        }
    }
}
