// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// What was found at a path on a node.
package struct ObservedFile: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case absent
        case regular
        case directory
        case symbolicLink
        case other
    }

    package var path: String
    package var kind: Kind
    /// Permission bits; 0 where absent.
    package var mode: UInt32
    package var userID: UInt32
    package var groupID: UInt32
    /// Bytes of a regular file; nil for a private key, which never enters a plan.
    package var content: [UInt8]?
    /// Lower-case hex SHA-256 of a regular file's bytes; nil otherwise.
    package var sha256: String?

    package init(
        path: String, kind: Kind = .absent, mode: UInt32 = 0, userID: UInt32 = 0, groupID: UInt32 = 0,
        content: [UInt8]? = nil, sha256: String? = nil
    ) {
        self.path = path
        self.kind = kind
        self.mode = mode
        self.userID = userID
        self.groupID = groupID
        self.content = content
        self.sha256 = sha256
    }
}
