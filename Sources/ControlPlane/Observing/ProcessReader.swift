// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Secrets
import Spec
import SystemdBus
import SystemdUnits
import Values

/// Reads the process that runs kube-apiserver: its command line, its start, its owner and its proxies.
struct ProcessReader {
    let spec: ClusterSpec
    let node: any NodeTransport

    /// A unit in the running systemd, with its main process.
    func live(_ state: UnitState) throws -> LiveUnit {
        let running = try state.mainPID.flatMap { pid in
            try ProcessArguments.read(pid: Int(pid), on: node).map {
                try withoutInterpreter($0, script: state.execPaths.last)
            }
        }
        return try live(state, running)
    }

    /// - Parameter running: the command line of its main process; nil where it has none.
    func live(_ state: UnitState, _ running: [String]?) throws -> LiveUnit {
        var live = LiveUnit(
            activity: state.activity, stateText: state.text,
            needDaemonReload: state.needDaemonReload, loadedDropIns: state.dropInPaths,
            loadedArguments: state.execStart.last ?? [],
            runningArguments: running, mainPID: Int(state.mainPID ?? 0))
        if state.mainPID != nil, state.execMainStartTimestamp > 0 {
            live.startedAt = UnixTime(seconds: Int64(state.execMainStartTimestamp / 1_000_000))
        }
        if running != nil, let pid = state.mainPID { live.proxies = proxies(ofProcess: Int(pid)) }
        return live
    }

    /// Nothing depends on it but a notice and a proof, which say why where it cannot be read.
    private func proxies(ofProcess pid: Int) -> ObservedProxies {
        do {
            // Others of its variables may be secrets.
            let environ = try node.readSecret("/proc/\(pid)/environ", limit: 1 << 20)
            guard let environ, environ.count > 0 else { return .unseen("its process has ended") }
            return .seen(environ.withUnsafeBytes { ProxyEnvironment(environ: $0) })
        } catch {
            return .unseen("its environment cannot be read: \(error)")
        }
    }

    /// What a wrapper script was started with: its process shows the interpreter in front, or, once it has replaced
    /// itself, another program's name.
    private func withoutInterpreter(_ arguments: [String], script: String?) throws -> [String] {
        guard let script, arguments.first != script, try begins(script, with: "#!")
        else {
            return arguments
        }
        return [script] + arguments.dropFirst(arguments.dropFirst().first == script ? 2 : 1)
    }

    private func begins(_ path: String, with text: String) throws -> Bool {
        // A binary of some hundred megabytes is not read for its first two bytes.
        try node.first(text.utf8.count, of: path) == Array(text.utf8)
    }

    /// User and group id of who runs kube-apiserver; nil offline.
    func ownerIDs(_ unit: ObservedUnit?, _ access: ObservedNode.Access) throws -> [UInt32]? {
        guard access == .live else { return nil }
        if unit?.external != nil { return try processOwner(unit?.live) }
        let service = try unit.map { try EffectiveService(unit: spec.apiServer.unit, sources: $0.base) }
        let owner = try node.owner(user: service?.user?.value ?? "", group: service?.group?.value ?? "")
        return [owner.userID, owner.groupID]
    }

    /// The user that the process runs as; without a process, the owner of the key.
    private func processOwner(_ live: LiveUnit?) throws -> [UInt32] {
        let certificates = spec.certificates
        let paths =
            (live?.runningArguments == nil ? [] : ["/proc/\(live?.mainPID ?? 0)"])
            + ["\(certificates.directory)/\(certificates.files.key)"]
        for path in paths {
            if let status = try node.status(path) { return [status.userID, status.groupID] }
        }
        return [0, 0]
    }
}
