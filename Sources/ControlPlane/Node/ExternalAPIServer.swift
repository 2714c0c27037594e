// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Spec
import Synchronization
import SystemdBus
import SystemdUnits
import Values

/// The kube-apiserver of a node that something else than systemd runs, found among the node's processes.
///
/// It answers where systemd is asked for a unit's state, so that everything else is the same for both. It reloads and
/// restarts nothing, and says so.
final class ExternalAPIServer: UnitManager {
    /// The process as it was last found.
    struct Found: Sendable, Equatable {
        var pid: Int
        /// Its program first; of a program that reads its flags from a file, with the flags of that file.
        var arguments: [String]
        /// The file that they were read from, as the process names it; nil where they are its own.
        var argumentsFile: String?
        /// Clock ticks from the machine's start to its own: with the id, it is this process and no later one.
        var startTicks: UInt64
        var startedAt: UnixTime?
    }

    private let node: any NodeTransport
    private let last = Mutex<Found?>(nil)

    init(_ node: any NodeTransport) { self.node = node }

    /// The process that runs now: the one that was found before, or one that took its place.
    /// - Returns: nil where none runs.
    /// - Throws: `process/several`, `process/distribution`.
    func current() throws -> Found? {
        let known = last.withLock { $0 }
        if let known, try startTicks(known.pid) == known.startTicks { return known }
        let found = try search()
        last.withLock { $0 = found }
        return found
    }

    // MARK: - Searching

    private func search() throws -> Found? {
        let processes = try node.processes(mentioning: ["apiserver", "hyperkube", "k3s", "rke2"])
        let servers = processes.compactMap { process in Self.server(process).map { (process, $0) } }
        // Those of a container with a network of its own belong to another cluster where there is one without.
        let own = servers.filter(\.0.isInNodeNetwork)
        let candidates = own.isEmpty ? servers : own
        guard candidates.count <= 1 else { throw Self.several(candidates.map(\.0)) }
        guard let (process, kind) = candidates.first else {
            if let other = processes.compactMap(Self.distribution).first { throw other }
            return nil
        }
        guard let ticks = try startTicks(process.pid) else { return nil }
        var found = Found(
            pid: process.pid, arguments: process.arguments, startTicks: ticks, startedAt: try start(ticks))
        if case .readsFile(let path) = kind {
            found.argumentsFile = path
            found.arguments = process.arguments.prefix(1) + (try arguments(in: path, of: process.pid))
        }
        return found
    }

    private enum Kind {
        case itself
        /// kube-apiserver is one part of the program, and has its flags in a file.
        case readsFile(String)
    }

    private static func server(_ process: NodeProcess) -> Kind? {
        let program = CommandProgram(process.arguments)
        // What starts another program has the same words in its command line, and stays as that one's parent.
        if program.kind == .apiServer, program.program == 0, program.unknownWrapper == nil { return .itself }
        guard process.arguments.first?.splitPath.name == "kubelite" else { return nil }
        return EffectiveFlags.parse(arguments: Array(process.arguments.dropFirst()))
            .string("apiserver-args-file").map { .readsFile($0) }
    }

    /// One flag a line; `$SNAP_DATA` is the directory above that of the file.
    private func arguments(in path: String, of pid: Int) throws -> [String] {
        guard let bytes = try node.read("/proc/\(pid)/root\(path)", limit: 1 << 20) else {
            throw BootstrapError(
                "process/no-flags", "\(path), which process \(pid) reads its flags from, is not there",
                hint: "restore it, then run it again")
        }
        let data = path.splitPath.directory.splitPath.directory
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
            .map { $0.drop { $0.isWhitespace } }.filter { $0.hasPrefix("--") }
            .map { line in
                String(line).replacing("${SNAP_DATA}", with: data).replacing("$SNAP_DATA", with: data)
            }
    }

    private static func several(_ processes: [NodeProcess]) -> BootstrapError {
        let names = processes.map { process -> Message in
            let port = EffectiveFlags.parse(commandLine: process.arguments).string("secure-port") ?? "6443"
            return "process \(process.pid) (port \(port))"
        }
        return BootstrapError(
            "process/several",
            "\(processes.count) kube-apiservers run on it: \(names.joined(separator: ", "))",
            hint:
                "read another machine with --ssh USER@HOST or nodes[].address; or stop those that do not belong to this cluster"
        )
    }

    private static func distribution(_ process: NodeProcess) -> BootstrapError? {
        guard case .distribution(let name) = CommandProgram(process.arguments).kind else { return nil }
        return BootstrapError(
            "process/distribution",
            "kube-apiserver runs inside \(name) (process \(process.pid)), which shows no flags of it",
            hint: "\(name) issues these certificates itself: see `\(name) certificate rotate-ca --help`")
    }

    // MARK: - Its start

    /// - Returns: nil where no such process runs any more; one that has ended and is still listed does not run.
    private func startTicks(_ pid: Int) throws -> UInt64? {
        guard let fields = try statFields("/proc/\(pid)/stat"), fields.count > 19, fields[0] != "Z" else {
            return nil
        }
        return UInt64(fields[19])
    }

    /// The fields behind the program's name, which may hold blanks and brackets (proc_pid_stat(5)).
    private func statFields(_ path: String) throws -> [Substring]? {
        guard let bytes = try readProcess(path), let end = bytes.lastIndex(of: UInt8(ascii: ")")) else {
            return nil
        }
        return String(decoding: bytes[(end + 1)...], as: UTF8.self).split(whereSeparator: \.isWhitespace)
    }

    /// - Returns: nil for a process that is gone: a read that was under way ends with an error then.
    private func readProcess(_ path: String) throws -> [UInt8]? {
        do { return try node.read(path) } catch {
            guard try node.status(path) == nil else { throw error }
            return nil
        }
    }

    private func start(_ ticks: UInt64) throws -> UnixTime? {
        let text = String(decoding: try node.read("/proc/stat", limit: 16 << 20) ?? [], as: UTF8.self)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let boot = Int64(line.dropFirst("btime ".count))
        else { return nil }
        // Linux tells user space of 100 ticks a second, whatever it counts itself.
        return UnixTime(seconds: boot + Int64(ticks / 100))
    }

    // MARK: - In the place of systemd

    func unit(_ name: String) throws(BusError) -> UnitState {
        let found: Found?
        do { found = try current() } catch {
            let report = ErrorReport(error)
            throw BusError(
                .refused, operation: "find", subject: "the kube-apiserver of the node",
                underlying: report.message, hint: report.hint)
        }
        var state = UnitState()
        state.id = name
        state.loadState = "loaded"
        (state.activeState, state.subState) = found == nil ? ("inactive", "dead") : ("active", "running")
        guard let found else { return state }
        state.mainPID = Int32(found.pid)
        state.execMainStartTimestamp = UInt64(max(0, found.startedAt?.seconds ?? 0)) * 1_000_000
        return state
    }

    func daemonReload() throws(BusError) { throw Self.notOurs("reload") }
    func resetFailed(_ unit: String) throws(BusError) { throw Self.notOurs("restart") }
    func restart(_ unit: String, timeoutSeconds: Int) throws(BusError) -> JobResult {
        throw Self.notOurs("restart")
    }
    func start(_ unit: String, timeoutSeconds: Int) throws(BusError) -> JobResult {
        throw Self.notOurs("start")
    }
    func stop(_ unit: String, timeoutSeconds: Int) throws(BusError) -> JobResult {
        throw Self.notOurs("stop")
    }
    func enable(_ unit: String) throws(BusError) { throw Self.notOurs("enable") }
    func disable(_ unit: String) throws(BusError) { throw Self.notOurs("disable") }

    private static func notOurs(_ operation: Message) -> BusError {
        BusError(
            .refused, operation: operation, subject: "kube-apiserver",
            underlying: "apiServer.managedBy is external, so only what runs it can do that")
    }
}
