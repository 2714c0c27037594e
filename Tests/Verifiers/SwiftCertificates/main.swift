// SPDX-License-Identifier: Apache-2.0

// Asks swift-certificates whether a leaf verifies under a CA under RFC 5280's rules.
// Usage: verify-swift CA LEAF
// Exit status: 0 accepted, 1 rejected with the reasons, 2 not judged.

import Foundation
import X509

func certificate(_ path: String) throws -> Certificate {
    try Certificate(pemEncoded: String(contentsOfFile: path, encoding: .utf8))
}

let arguments = CommandLine.arguments
guard arguments.count == 3 else {
    print("usage: verify-swift CA LEAF")
    exit(2)
}
let (root, leaf): (Certificate, Certificate)
do {
    (root, leaf) = (try certificate(arguments[1]), try certificate(arguments[2]))
} catch {
    print("not read: \(error)")
    exit(2)
}

/// Why it does not verify, in the library's words; nil where it does.
func complaint() async -> String? {
    var verifier = Verifier(rootCertificates: CertificateStore([root])) { RFC5280Policy() }
    switch await verifier.validate(leaf: leaf, intermediates: CertificateStore([])) {
    case .validCertificate(let chain):
        return Array(chain).count == 2 ? nil : "a chain of \(Array(chain).count)"
    case .couldNotValidate(let failures):
        let reasons = failures.map(\.policyFailureReason.description)
        return reasons.isEmpty ? "no chain to the CA" : reasons.joined(separator: "; ")
    }
}

if let complaint = await complaint() {
    print("rejected: \(complaint)")
    exit(1)
}
print("accepted")
