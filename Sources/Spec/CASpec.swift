// SPDX-License-Identifier: Apache-2.0

/// The requestheader CA.
package struct CASpec: Sendable, Equatable {
    /// Base name; a generation appends a space and the first 8 hex digits of its SKI.
    package var commonName: String
    package var names: SubjectNames
    package var key: KeyAlgorithm
    package var validity: ValidityPeriod
    /// Whether its private key stays in the state once it has signed; without it, whatever has to be signed later takes
    /// another CA.
    package var keepsKey: Bool

    package init(
        commonName: String, names: SubjectNames, key: KeyAlgorithm, validity: ValidityPeriod,
        keepsKey: Bool = true
    ) {
        self.keepsKey = keepsKey
        self.commonName = commonName
        self.names = names
        self.key = key
        self.validity = validity
    }
}
