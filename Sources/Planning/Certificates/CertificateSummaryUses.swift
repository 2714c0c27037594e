// SPDX-License-Identifier: Apache-2.0

// What a certificate may be used for, by the names that `usages` has.
extension CertificateSummary {
    /// cfssl's names of the key usages; every other name is an extended one.
    package static let keyUsageNames: Set<String> = [
        "digital signature", "content commitment", "key encipherment", "data encipherment", "key agreement",
        certSign, "crl sign", "encipher only", "decipher only",
    ]

    package static let certSign = "cert sign"

    /// Whether it may sign certificates: it is a CA, and has no key usages or `cert sign` among them.
    package var maySign: Bool {
        let own = usages.filter(Self.keyUsageNames.contains)
        return isCA && (own.isEmpty || own.contains(Self.certSign))
    }

    /// Whether it may take part in a TLS client's chain: it has no extended key usage at all, or `client auth` or `any`
    /// among them.
    package var allowsClients: Bool {
        let extended = usages.filter { !Self.keyUsageNames.contains($0) }
        return extended.isEmpty || extended.contains("any") || extended.contains("client auth")
    }
}
