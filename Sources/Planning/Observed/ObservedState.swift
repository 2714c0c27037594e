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

/// A bundle of CA certificates as it lies on a node.
package struct ObservedBundle: Sendable, Equatable {
    package var path: String
    package var certificates: [CertificateSummary]
    /// Why it could not be read as certificates; nil where it could.
    package var problem: String?

    package init(path: String, certificates: [CertificateSummary], problem: String? = nil) {
        self.path = path
        self.certificates = certificates
        self.problem = problem
    }
}

/// The unit that runs kube-apiserver, from its files and from systemd.
package struct ObservedUnit: Sendable, Equatable {
    /// Fragment first, then drop-ins in systemd's order, without our own drop-in.
    package var base: [UnitText]
    /// Lower-case hex SHA-256 of each text in `base`.
    package var baseDigests: [String]
    /// Content of each environment file that could be read, by path.
    package var environmentFiles: [String: String]
    /// What systemd and the process say; nil offline.
    package var live: LiveUnit?
    /// Those of `environmentFiles` that were given with --base-file.
    package var givenFiles: [String: GivenFile] = [:]
    /// Whether our own drop-in is there, be it one of `base` or not.
    package var hasOwnDropIn = false

    package init(
        base: [UnitText], baseDigests: [String], environmentFiles: [String: String], live: LiveUnit?
    ) {
        self.base = base
        self.baseDigests = baseDigests
        self.environmentFiles = environmentFiles
        self.live = live
    }
}

extension ObservedUnit {
    /// Digests of the unit's files by path, without the file that this program writes itself.
    package func digests(without own: String) -> [String: String] {
        Dictionary(zip(base.map(\.path), baseDigests).filter { $0.0 != own }) { first, _ in first }
    }
}

/// An environment file of `--base-file`.
package struct GivenFile: Sendable, Equatable {
    package var text: String
    /// Permission bits of the file that was given.
    package var mode: UInt32
    /// Its path on this machine.
    package var file: String

    package init(text: String, mode: UInt32, file: String) {
        self.text = text
        self.mode = mode
        self.file = file
    }
}

/// A unit's state in the running systemd.
package struct LiveUnit: Sendable, Equatable {
    package enum Activity: Sendable, Equatable {
        /// `active`: its main process runs.
        case running
        /// `inactive`: stopped on purpose, or never started.
        case stopped
        /// `failed`, `activating` again and again, or anything else that does not serve.
        case failing
    }

    package var activity: Activity
    /// systemd's own words, for example `active/running`.
    package var stateText: String
    /// Files of the unit, other than ours, changed since systemd read them.
    package var needDaemonReload: Bool
    /// Drop-ins that systemd has loaded.
    package var loadedDropIns: [String]
    /// argv of the loaded `ExecStart=`, specifiers expanded, variables not.
    package var loadedArguments: [String]
    /// argv of the main process; nil where there is none.
    package var runningArguments: [String]?
    package var mainPID: Int
    /// When the main process started; nil where there is none.
    package var startedAt: UnixTime?
    /// Which proxies the running process takes.
    package var proxies = ObservedProxies.unseen("its process does not run")

    package init(
        activity: Activity, stateText: String, needDaemonReload: Bool, loadedDropIns: [String] = [],
        loadedArguments: [String],
        runningArguments: [String]?, mainPID: Int
    ) {
        self.activity = activity
        self.stateText = stateText
        self.needDaemonReload = needDaemonReload
        self.loadedDropIns = loadedDropIns
        self.loadedArguments = loadedArguments
        self.runningArguments = runningArguments
        self.mainPID = mainPID
    }
}

/// What a process's environment says of proxies.
package enum ObservedProxies: Sendable, Equatable {
    case seen(ProxyEnvironment)
    /// Why it could not be read.
    case unseen(String)
}

/// What the running kube-apiserver answers.
package struct ObservedAPIServer: Sendable, Equatable {
    package enum Readiness: Sendable, Equatable {
        /// `/readyz` said 200.
        case ready
        /// `/readyz` said something else than 200; the names of the failed checks.
        case notReady([String])
        /// It serves, but shows `/readyz` to none of our credentials.
        case hidden(String)
        /// It does not answer, or not as the server that is expected.
        case unseen(String)
    }

    /// Whether its readiness is not about to change by itself.
    package var isSettled: Bool {
        switch readiness {
        case .ready, .hidden: true
        case .notReady, .unseen: false
        }
    }

    /// `https://ADDRESS:PORT`.
    package var endpoint: String
    package var readiness: Readiness
    /// The CA names in its TLS handshake; nil where it could not be read.
    package var loadedCAs: [CAName]?
    /// nil where it tells nobody of ours.
    package var version: KubernetesVersion?
    /// Whether it shows its readiness to others than the holder of the pair on the node.
    package var showsWithoutPair = false

    package init(
        endpoint: String, readiness: Readiness, loadedCAs: [CAName]?, version: KubernetesVersion? = nil
    ) {
        self.endpoint = endpoint
        self.readiness = readiness
        self.loadedCAs = loadedCAs
        self.version = version
    }
}

/// A change that a killed run left open on a node.
package struct OpenTransaction: Sendable, Equatable {
    package var startedAt: UnixTime
    /// SHA-256 of the unit's base files when it began, by path.
    package var baseDigests: [String: String]
    /// Whether the API server was serving when it began.
    package var wasServing: Bool
    /// Which way it goes.
    package var cause: ChangeCause
    /// Whether it was seen to serve and only its copies are still to be put away.
    package var isDone: Bool

    package init(
        startedAt: UnixTime, baseDigests: [String: String], wasServing: Bool, cause: ChangeCause = .spec,
        isDone: Bool = false
    ) {
        self.startedAt = startedAt
        self.baseDigests = baseDigests
        self.wasServing = wasServing
        self.cause = cause
        self.isDone = isDone
    }
}

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
    /// Seconds by which the node's clock is ahead of the operator's machine; 0 for the machine itself and offline.
    package var clockOffset: Int64
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
