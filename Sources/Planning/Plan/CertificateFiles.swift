// SPDX-License-Identifier: Apache-2.0

import Spec

/// The three certificate files of a node: which of them must change.
struct CertificateFiles {
    let spec: ClusterSpec
    let inventory: StateInventory
    /// Owners (nil: the CA) whose certificate is issued before the files are written.
    let issued: [String?]
    /// What a CA's rotation has come to; nil outside of one.
    let stage: CertificateStage?

    /// Changes in the order in which they are written: CA, key, certificate.
    func changes(_ node: ObservedNode, of nodeSpec: NodeSpec) -> [FileChange] {
        let owner = LeafOwner.of(nodeSpec, in: spec)
        var changes: [FileChange] = []
        if let stage {
            let pem = stage.bundle.flatMap(\.pem)
            if !stage.bundle.isEmpty {
                changes += known(
                    node.ca, matches: node.ca.content == pem, .bundle(pem, stage.bundle.map(\.certificate)),
                    0o644,
                    node)
            }
            switch stage.leaves {
            case .asInstalled: return changes
            case .moved: return changes + moved(node)
            case .signed: break
            }
        } else if issued.contains(nil) {
            changes.append(change(node.ca, .certificateToIssue, 0o644, node))
        } else if let ca = inventory.current {
            changes += known(
                node.ca, matches: node.ca.content == ca.pem, .certificate(ca.pem, ca.certificate), 0o644, node
            )
        }
        if issued.contains(owner) {
            changes.append(change(node.key, .privateKey(owner: owner), 0o600, node))
            changes.append(change(node.certificate, .certificateToIssue, 0o644, node))
        } else if let leaf = leaf(of: owner) {
            changes += known(
                node.key, matches: node.key.sha256 == leaf.keySHA256, .privateKey(owner: owner), 0o600, node)
            changes += known(
                node.certificate, matches: node.certificate.content == leaf.pem,
                .certificate(leaf.pem, leaf.certificate), 0o644, node)
        }
        return changes
    }

    private func moved(_ node: ObservedNode) -> [FileChange] {
        guard let pair = node.pairInUse, let pem = pair.certificate.content, let sha256 = pair.key.sha256
        else {
            return []
        }
        return known(
            node.key, matches: node.key.sha256 == sha256,
            .privateKeyCopy(path: pair.key.path, sha256: sha256), 0o600, node)
            + known(
                node.certificate, matches: node.certificate.content == pem, .certificate(pem, pair.leaf),
                0o644,
                node)
    }

    private func leaf(of owner: String) -> IssuedLeaf? {
        if case .signed(let generation)? = stage?.leaves {
            return inventory.leaf(of: owner, signedBy: generation)
        }
        return inventory.leaves[owner]
    }

    private func known(
        _ file: ObservedFile, matches: Bool, _ content: FileChange.Content, _ mode: UInt32,
        _ node: ObservedNode
    ) -> [FileChange] {
        guard matches else { return [change(file, content, mode, node)] }
        let ownerIsRight = node.ownerIDs.map { [file.userID, file.groupID] == $0 } ?? true
        guard file.mode != mode || !ownerIsRight else { return [] }
        return [
            FileChange(
                path: file.path, action: .setMetadata, content: content, before: file, mode: mode,
                ownerIDs: node.ownerIDs)
        ]
    }

    private func change(
        _ file: ObservedFile, _ content: FileChange.Content, _ mode: UInt32, _ node: ObservedNode
    ) -> FileChange {
        FileChange(
            path: file.path, action: file.kind == .absent ? .create : .replace, content: content,
            before: file,
            mode: mode, ownerIDs: node.ownerIDs)
    }
}
