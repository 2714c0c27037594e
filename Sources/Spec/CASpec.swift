// SPDX-License-Identifier: Apache-2.0

/// The requestheader CA.
package struct CASpec: Sendable, Equatable {
    /// Base name; a generation appends a space and the first 8 hex digits of its SKI.
    package var commonName: String
    package var names: SubjectNames
    package var key: KeyAlgorithm
    package var validity: ValidityPeriod
    /// Whether its private key stays in the state once it has signed; without it, whatever must be signed later takes
    /// another CA.
    package var keepsKey: Bool
    /// Whether a key of the old CA that lies on a control plane gives way to the new CA's; false removes it.
    package var replacesKeyOnNodes: Bool
    package var signing: CASigning
    /// Path on the operator's machine of the certificate of a CA whose key is elsewhere.
    package var certificateFile: String?

    package init(
        commonName: String, names: SubjectNames, key: KeyAlgorithm, validity: ValidityPeriod,
        keepsKey: Bool = true, replacesKeyOnNodes: Bool = false, signing: CASigning = .here,
        certificateFile: String? = nil
    ) {
        self.keepsKey = keepsKey
        self.replacesKeyOnNodes = replacesKeyOnNodes
        self.signing = signing
        self.certificateFile = certificateFile
        self.commonName = commonName
        self.names = names
        self.key = key
        self.validity = validity
    }

    /// Whether its key is in the state directory once it has signed.
    package var leavesKeyHere: Bool { keepsKey && !isElsewhere }

    /// Whether another program, or other people, have its key.
    package var isElsewhere: Bool { signing != .here }
}
