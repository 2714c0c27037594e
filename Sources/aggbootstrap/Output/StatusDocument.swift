// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Spec
import StateStore
import Values

/// A cluster's status as JSON.
struct StatusDocument: Encodable, Sendable {
    struct Certificate: Encodable {
        let role: String
        let path: String?
        let subject: String
        let issuer: String
        let serial: String
        let sha256: String
        let notBefore: String
        let notAfter: String
        let secondsLeft: Int64

        init(_ certificate: CertificateSummary, role: String, path: String?, now: UnixTime) {
            (self.role, self.path) = (role, path)
            (subject, issuer, serial) = (certificate.subject, certificate.issuer, certificate.serial)
            sha256 = certificate.fingerprintSHA256
            (notBefore, notAfter) = (certificate.notBefore.description, certificate.notAfter.description)
            secondsLeft = certificate.notAfter.seconds - now.seconds
        }
    }

    struct File: Encodable {
        let path: String
        /// `absent`, `regular`, `directory`, `symbolic-link` or `other`.
        let kind: String
        let mode: String?
        let uid: UInt32?
        let gid: UInt32?

        init(_ file: ObservedFile) {
            path = file.path
            kind =
                switch file.kind {
                case .absent: "absent"
                case .regular: "regular"
                case .directory: "directory"
                case .symbolicLink: "symbolic-link"
                case .other: "other"
                }
            let isThere = file.kind != .absent
            mode = isThere ? "0" + String(file.mode, radix: 8) : nil
            (uid, gid) = isThere ? (file.userID, file.groupID) : (nil, nil)
        }
    }

    struct Server: Encodable {
        let endpoint: String
        /// `ready`, `not-ready`, `hidden` or `unseen`.
        let readiness: String
        let version: String?

        init(_ server: ObservedAPIServer) {
            endpoint = server.endpoint
            readiness =
                switch server.readiness {
                case .ready: "ready"
                case .notReady: "not-ready"
                case .hidden: "hidden"
                case .unseen: "unseen"
                }
            version = server.version?.description
        }
    }

    struct Remark: Encodable {
        let code: String
        let message: String
        var hint: String?
        /// The file or directory that it is about, of what differs.
        var path: String?
    }

    struct Flags: Encodable {
        /// `--name=value` each, of the aggregation layer.
        let arguments: [String]
        /// `process` or `files`.
        let from: String
        let path: String?

        init(_ flags: NodeStatus.Flags) {
            (arguments, from, path) = (flags.arguments, flags.source.rawValue, flags.path)
        }
    }

    struct Failure: Encodable {
        let code: String
        let message: String
        let hint: String?
    }

    struct Node: Encodable {
        let name: String
        let error: Failure?
        let certificates: [Certificate]
        let files: [File]
        let flags: Flags?
        let unit: String?
        let apiServer: Server?
        /// `yes`, `no` or `unknown`: whether the API server has loaded every CA of its file.
        let caLoaded: String
        /// Nothing but the canary sees what the aggregator presents.
        let proxyClientLoaded = "unknown"
        let startedAt: String?
        let loopbackEnds: String?
        let clockOffset: Int64
        let drift: [Remark]
        let notices: [Remark]

        init(_ node: NodeStatus, now: UnixTime) {
            name = node.name
            error = node.problem.map {
                Failure(code: $0.code, message: "\($0.message)", hint: $0.hint.map { "\($0)" })
            }
            certificates = node.certificates.map {
                Certificate($0.certificate, role: $0.role.rawValue, path: $0.path, now: now)
            }
            files = node.files.map(File.init)
            flags = node.flags.map(Flags.init)
            (unit, apiServer) = (node.unit, node.server.map(Server.init))
            caLoaded =
                switch node.loaded {
                case .yes: "yes"
                case .missing: "no"
                case .unknown: "unknown"
                }
            (startedAt, loopbackEnds) = (node.startedAt?.description, node.loopbackEnds?.description)
            clockOffset = node.clockOffset
            drift = node.drift.map {
                Remark(
                    code: $0.code, message: $0.text.description, hint: $0.hint.map { "\($0)" }, path: $0.path)
            }
            notices = node.notices.map { Remark(code: $0.code, message: "\($0.line)") }
        }
    }

    struct Rotation: Encodable {
        let since: String
        /// `forward`, or `back` after `rotate --abort`.
        let direction: String
        /// `trust`, `leaves`, `soak` or `drop`.
        let stage: String?
        /// Whether a process works on it now.
        let inProgress: Bool
        /// When it was called off.
        let aborted: String?
    }

    /// An entry of the ledger.
    struct Change: Encodable {
        let time: String
        let event: String
        let node: String?
        let because: String?
        /// `user@host`.
        let by: String?

        init(_ entry: LedgerEntry) {
            (time, event, node) = (entry.time, entry.event, entry.node)
            (because, by) = (entry.because, entry.by)
        }
    }

    let schemaVersion = JSONText.schemaVersion
    let cluster: String
    let spec: String?
    let time: String
    let state: String
    let ca: Certificate?
    let rotation: Rotation?
    let lastChange: Change?
    /// The newest entries, oldest of them first.
    let history: [Change]
    let schedule: ScheduleDocument?
    let nodes: [Node]
    let notices: [Remark]
    /// Whether a node cannot be read or differs, or a rotation is open.
    let differs: Bool
    let exitStatus: Int32

    init(_ report: StatusReport) {
        let status = report.status
        (cluster, spec) = (status.cluster, status.spec)
        time = status.now.description
        state = status.state
        ca = status.authority.map { Certificate($0, role: "ca", path: nil, now: status.now) }
        rotation = status.rotation.map {
            Rotation(
                since: $0.terms.since, direction: $0.terms.direction.rawValue, stage: status.stage?.rawValue,
                inProgress: $0.holder != nil, aborted: $0.terms.aborted)
        }
        (lastChange, history) = ((status.lastChange?.entry).map(Change.init), status.history.map(Change.init))
        schedule = status.schedule.map { ScheduleDocument($0) }
        nodes = status.nodes.map { Node($0, now: status.now) }
        notices = status.notices.map {
            Remark(code: $0.code, message: "\($0.line)", hint: $0.hint.map { "\($0)" })
        }
        differs = status.differs
        exitStatus = report.exitStatus.rawValue
    }
}
