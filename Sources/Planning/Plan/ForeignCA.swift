// SPDX-License-Identifier: Apache-2.0

import Values

/// Finds requestheader CAs on a node that this state did not issue; `init` never replaces such a one.
enum ForeignCA {
    /// Refusals for one node, each with the CA's subject and expiry where they can be known.
    /// - Parameters:
    ///   - unit: of its kube-apiserver.
    ///   - isRotating: whether a rotation is about to replace those that the state knows as foreign.
    static func refusals(
        _ node: ObservedNode, inventory: StateInventory, unit: String, isRotating: Bool = false
    ) -> [Refusal] {
        var inventory = inventory
        if !isRotating { inventory.generations.removeAll { $0.standing == .foreign } }
        if !isRotating, let shared = sharedWithClients(node, inventory) { return [shared] }
        let isUnused = !isRotating && node.hasUnusedCA(unit: unit)
        let ours = Set(inventory.generations.map(\.certificate.fingerprintSHA256))
        for bundle in node.requestHeaderCAs {
            if let problem = bundle.problem {
                return [
                    Refusal(
                        code: "plan/unreadable-ca", node: node.name,
                        message:
                            "\(bundle.path) is the file of the requestheader CA and cannot be read as "
                            + "certificates: \(problem)",
                        hint: bundle.path.hasPrefix("/")
                            ? "look at the file, move it away, then run it again"
                            : "write it as an absolute path in kube-apiserver's command line, then run it again"
                    )
                ]
            }
            for certificate in bundle.certificates where !ours.contains(certificate.fingerprintSHA256) {
                return [
                    isUnused
                        ? UnusedCA.refusal(node, certificate)
                        : foreign(node, where: bundle.path, certificate, inventory)
                ]
            }
        }
        // Of one that the state knows and nobody uses, the plan shows what takes its place.
        if !isRotating, !isUnused, let swap = swap(node, inventory) { return [swap] }
        return loaded(node, inventory: inventory)
    }

    /// A CA of this state that also issues client certificates: the holder of one could claim to be anyone.
    private static func sharedWithClients(_ node: ObservedNode, _ inventory: StateInventory) -> Refusal? {
        let issued = inventory.generations.filter { $0.standing == .issued }
        let keys = Set(issued.map(\.certificate.publicKeySHA256))
        guard let clientCA = node.clientCA,
            let shared = clientCA.certificates.first(where: { keys.contains($0.publicKeySHA256) })
        else { return nil }
        return Refusal(
            code: "plan/shared-ca", node: node.name,
            message:
                "the client CA \(clientCA.path) and the CA of this state directory have the same key "
                + "(\(shared.subject)): anyone with a client certificate could act as any user",
            hint:
                "run aggbootstrap rotate --ca, which leads to a CA of its own and leaves the client CA's file as it is"
        )
    }

    /// A node that trusts an earlier generation alone: the current one in its place would break what trusts the earlier.
    private static func swap(_ node: ObservedNode, _ inventory: StateInventory) -> Refusal? {
        let bundle = node.requestHeaderCAs.flatMap(\.certificates)
        guard let first = bundle.first, let current = inventory.current,
            !bundle.contains(where: { $0.fingerprintSHA256 == current.certificate.fingerprintSHA256 })
        else { return nil }
        return Refusal(
            code: "plan/other-generation", node: node.name,
            message:
                "it trusts \(first.subject), and the state directory signs with \(current.certificate.subject); "
                + "init never replaces a CA",
            hint:
                "replace it in stages with aggbootstrap rotate --ca; or use the state directory that issued it: --state DIR"
        )
    }

    private static func loaded(_ node: ObservedNode, inventory: StateInventory) -> [Refusal] {
        // Without the client CA's file its names cannot be told from a requestheader CA's.
        guard let names = node.apiServer?.loadedCAs, let clientCA = node.clientCA, clientCA.problem == nil
        else {
            return []
        }
        let known = Set(
            clientCA.certificates.map(\.subjectDER) + inventory.generations.map(\.certificate.subjectDER))
        guard let unknown = names.first(where: { !known.contains($0.der) }) else { return [] }
        let name: Message = unknown.text.map { "\($0)" } ?? "a name that cannot be read"
        return [
            Refusal(
                code: "plan/foreign-ca", node: node.name,
                message:
                    "the running kube-apiserver has loaded a CA that is neither in \(clientCA.path) nor in this state "
                    + "directory: \(name); init never replaces a requestheader CA that it did not issue",
                hint: waysOut(inventory))
        ]
    }

    private static func foreign(
        _ node: ObservedNode, where path: String, _ certificate: CertificateSummary,
        _ inventory: StateInventory
    ) -> Refusal {
        Refusal(
            code: "plan/foreign-ca", node: node.name,
            message:
                "\(path) holds a requestheader CA that is not in this state directory: \(certificate.subject), expires "
                + "\(certificate.notAfter); init never replaces a CA that it did not issue",
            hint: waysOut(inventory))
    }

    private static func waysOut(_ inventory: StateInventory) -> Message {
        let ways: Message =
            "use the state directory that issued it (--state DIR), or a restored backup; without it, replace this CA in "
            + "stages with aggbootstrap rotate --ca (without --root), which does not need its key, or take it over with its "
            + "key: aggbootstrap spec adopt --ca-key FILE"
        // A mistyped name of the cluster or of the directory leads to an empty state.
        return inventory.generations.isEmpty
            ? "the state directory \(inventory.directory) holds no CA: check the cluster's name in the spec and --state DIR first; \(ways)"
            : ways
    }
}
