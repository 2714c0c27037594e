// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import OpenSSL

// Files of a node that are digested or copied there, with the digest of this program for those of its own machine.
extension NodeTransport {
    private var digest: ByteDigest { { try? Digest.sha256Hex($0) } }

    func sha256(of path: String) throws(NodeError) -> String? { try sha256(of: path, with: digest) }

    func prepareCopies(_ copies: [FileCopy]) throws(NodeError) -> [PreparedCopy?] {
        try prepareCopies(copies, with: digest)
    }
}
