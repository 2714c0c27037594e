// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// What the running kube-apiserver answers.
package struct ObservedAPIServer: Sendable, Equatable {
    package enum Readiness: Sendable, Equatable {
        /// `/readyz` said 200.
        case ready
        /// `/readyz` said something else than 200; the names of the failed checks.
        case notReady([String])
        /// It serves, but shows `/readyz` to none of our credentials.
        case hidden(Message)
        /// It does not answer, or not as the server that is expected.
        case unseen(Message)
    }

    /// Whether its readiness is not about to change by itself.
    package var isSettled: Bool {
        switch readiness {
        case .ready, .hidden: true
        case .notReady, .unseen: false
        }
    }

    /// `https://ADDRESS:PORT`.
    package var endpoint: String
    package var readiness: Readiness
    /// The CA names in its TLS handshake; nil where it could not be read.
    package var loadedCAs: [CAName]?
    /// nil where it tells nobody of ours.
    package var version: KubernetesVersion?
    /// Whether it shows its readiness to others than the holder of the pair on the node.
    package var showsWithoutPair = false

    package init(
        endpoint: String, readiness: Readiness, loadedCAs: [CAName]?, version: KubernetesVersion? = nil
    ) {
        self.endpoint = endpoint
        self.readiness = readiness
        self.loadedCAs = loadedCAs
        self.version = version
    }
}
