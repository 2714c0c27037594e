// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Everything that was read of a node.
package struct ObservedNode: Sendable, Equatable {
    package enum Access: Sendable, Equatable {
        /// Files below a directory; no bus, no process, no network.
        case offline
        case live
    }

    package var name: String
    package var access: Access
    /// User id and group id of the unit's `User=` and `Group=`; nil offline.
    package var ownerIDs: [UInt32]?
    package var directory: ObservedFile
    package var ca: ObservedFile
    package var certificate: ObservedFile
    package var key: ObservedFile
    /// The drop-in, whole unit or environment file that holds the flags.
    package var flags: ObservedFile
    package var installedLeaf: CertificateSummary?
    /// Every file that is or may be the requestheader CA: ours, and those that command lines name.
    package var requestHeaderCAs: [ObservedBundle]
    package var clientCA: ObservedBundle?
    package var unit: ObservedUnit?
    package var apiServer: ObservedAPIServer?
    package var transaction: OpenTransaction?
    /// Whether copies lie there that a killed run had begun to make before it changed anything, or that another run makes now.
    package var hasUnbegunCopies = false
    /// Seconds by which the node's clock is ahead of the operator's machine; 0 for the machine itself and offline.
    package var clockOffset: Int64
    /// Where the requestheader CA lies that its API server was started with; nil where it has none, or where none runs.
    package var caPathInUse: String?
    /// The pair that its API server presents; nil where that is the spec's, or where none runs.
    package var pairInUse: PairInUse?
    /// What its last change replaced; read for a roll-back only.
    package var previous: PreviousFiles?

    package init(
        name: String, access: Access, ownerIDs: [UInt32]?, directory: ObservedFile, ca: ObservedFile,
        certificate: ObservedFile, key: ObservedFile, flags: ObservedFile, installedLeaf: CertificateSummary?,
        requestHeaderCAs: [ObservedBundle], clientCA: ObservedBundle?, unit: ObservedUnit?,
        apiServer: ObservedAPIServer?, transaction: OpenTransaction?, clockOffset: Int64 = 0
    ) {
        self.clockOffset = clockOffset
        self.name = name
        self.access = access
        self.ownerIDs = ownerIDs
        self.directory = directory
        self.ca = ca
        self.certificate = certificate
        self.key = key
        self.flags = flags
        self.installedLeaf = installedLeaf
        self.requestHeaderCAs = requestHeaderCAs
        self.clientCA = clientCA
        self.unit = unit
        self.apiServer = apiServer
        self.transaction = transaction
    }
}
