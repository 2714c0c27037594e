// SPDX-License-Identifier: Apache-2.0

/// The subject attributes beside the common name, in cfssl's order; nil or empty is left out.
package struct SubjectNames: Sendable, Equatable {
    package var country: String?
    package var state: String?
    package var locality: String?
    package var organization: String?
    package var organizationalUnit: String?

    package init(
        country: String? = nil, state: String? = nil, locality: String? = nil, organization: String? = nil,
        organizationalUnit: String? = nil
    ) {
        self.country = country
        self.state = state
        self.locality = locality
        self.organization = organization
        self.organizationalUnit = organizationalUnit
    }
}
