// SPDX-License-Identifier: Apache-2.0

import Planning

/// What an emergency's rotation will break, and what is open until it is done.
package struct BlastRadius: Sendable, Equatable {
    /// An APIService with a server of its own.
    package struct Service: Sendable, Equatable {
        package let name: String
        /// `NAMESPACE/NAME`.
        package let service: String
        package let places: [String]
        package let isAvailable: Bool

        package init(name: String, service: String, places: [String], isAvailable: Bool) {
            self.name = name
            self.service = service
            self.places = places
            self.isAvailable = isAvailable
        }
    }

    package let cause: RotationTerms.Cause
    /// Those that fail until they have loaded the new CA; nil where there is no kubeconfig to find them with.
    package let services: [Service]?
    /// How long the rotation waits for them.
    package let seconds: Int
    /// Subjects of the CAs that go and stay client CAs: what they sign for clients is accepted for ever.
    package let clientCAs: [String]

    package init(
        cause: RotationTerms.Cause, services: [Service]?, seconds: Int, clientCAs: [String] = []
    ) {
        self.clientCAs = clientCAs
        self.cause = cause
        self.services = services
        self.seconds = seconds
    }
}
