// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// What the CA of `certificates.ca.certificate` is to a cluster: the one in use, the first one, or another one, which only a
/// rotation brings in.
package struct ExternalCADecision: Sendable, Equatable {
    /// What the state directory holds, with the CA where it is the first.
    package private(set) var inventory: StateInventory
    package private(set) var refusals: [Refusal] = []
    package private(set) var notices: [Notice] = []

    /// - Parameters:
    ///   - generation: the CA as the state directory would take it in.
    ///   - file: where it was read.
    package init(_ generation: CAGeneration, _ file: String, _ inventory: StateInventory) {
        self.inventory = inventory
        let certificate = generation.certificate
        if let refusal = Self.outOfUse(generation, file, inventory) {
            refusals = [refusal]
        } else if let current = inventory.current {
            guard current.certificate.fingerprintSHA256 != certificate.fingerprintSHA256 else {
                // Its key may have been made here and have been taken elsewhere since.
                for index in inventory.generations.indices where inventory.generations[index].id == current.id
                {
                    self.inventory.generations[index].isExternal = true
                }
                return
            }
            refusals = [
                Refusal(
                    code: "external/other-ca", node: nil,
                    message:
                        "\(file) (certificates.ca.certificate) holds \(certificate.subject), and the cluster uses "
                        + "\(current.certificate.subject)",
                    hint:
                        "init never replaces a CA: run aggbootstrap rotate --ca (without --root), or put the certificate of the CA in "
                        + "use there")
            ]
        } else {
            self.inventory.generations.append(generation)
            notices = [
                Notice(
                    code: "plan/external-ca", node: nil,
                    message:
                        "the requestheader CA is \(certificate.subject) of \(file), until \(certificate.notAfter.date), SHA-256 "
                        + certificate.fingerprintSHA256)
            ]
        }
    }

    /// Why a CA never comes into use; nil where nothing is known against it.
    package static func outOfUse(
        _ generation: CAGeneration, _ file: String, _ inventory: StateInventory
    ) -> Refusal? {
        let certificate = generation.certificate
        let hint: Message = "put the certificate of another CA there, and let it sign"
        if inventory.compromised.contains(where: { $0.publicKeySHA256 == certificate.publicKeySHA256 }) {
            return Refusal(
                code: "external/compromised", node: nil,
                message:
                    "\(file) (certificates.ca.certificate) holds \(certificate.subject), which was dropped because others may have its key",
                hint: hint)
        }
        guard inventory.isDropped(certificate) else { return nil }
        return Refusal(
            code: "external/dropped", node: nil,
            message:
                "\(file) (certificates.ca.certificate) holds \(certificate.subject), which an earlier rotation took out of use",
            hint: hint)
    }
}
