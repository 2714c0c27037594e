// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import Spec
import Synchronization
import Values

/// One ssh connection to a node, shared by everything that a run does there: the agent's requests, systemd's bus, the
/// lock, and streams to the API server.
///
/// The ssh that runs the agent is the control master; every other one is its client and never makes a connection of its
/// own. The connection ends with this value, and with this process however it ends.
package final class SSHConnection: Sendable {
    let destination: SSHDestination
    private let runtime: SSHRuntime
    private let master: SpawnedProcess
    private let clients = Mutex<[SpawnedProcess]>([])

    /// Connects and starts the agent.
    /// - Parameter isStopped: whether to give up at once.
    /// - Throws: `node/unreachable`, `node/host-key`, `node/login` with what ssh said.
    package init(
        _ destination: SSHDestination, runtime: SSHRuntime, isStopped: (@Sendable () -> Bool)? = nil
    ) throws(NodeError) {
        self.destination = destination
        self.runtime = runtime
        try runtime.prepare(destination)
        master = try SpawnedProcess(
            "ssh",
            ["-o", "ControlMaster=yes"] + destination.options(runtime)
                + ["-T", "--", destination.address, destination.remote(AgentScript.agent)])
        try Self.greet(master, AgentScript.greeting, destination, isStopped)
    }

    /// The agent's socket.
    func withAgent<R, E: Error>(_ body: (SocketStream) throws(E) -> R) throws(E) -> R {
        try master.withSocket { (number) throws(E) in
            try body(SocketStream(number: number, name: destination.name))
        }
    }

    /// The last that ssh said of itself.
    func complaint() -> String? { master.errorLines().last }

    /// The descriptor of a stream to systemd's bus on the node; the caller closes it.
    package func openBus() throws(NodeError) -> Int32 {
        let process = try session(AgentScript.bus, AgentScript.streamGreeting)
        return keep(process).takeSocket()
    }

    /// A session with the lock's keeper, which ends with its value.
    func openLock() throws(NodeError) -> SpawnedProcess {
        try session(AgentScript.lock, greeting: nil)
    }

    /// A stream from the node to an address that it reaches, and a way to ask what ssh said when it broke.
    /// - Returns: the stream's descriptor, which the caller closes.
    package func openStream(
        to address: String, port: Int
    ) throws(NodeError) -> (descriptor: Int32, complaint: @Sendable () -> String?) {
        let host = address.contains(":") ? "[\(address)]" : address
        let process = try client(["-W", "\(host):\(port)"], command: [])
        let descriptor = keep(process).takeSocket()
        return (descriptor, { process.errorLines().last })
    }

    // MARK: - Clients of the master

    private func session(_ script: String, _ greeting: String) throws(NodeError) -> SpawnedProcess {
        let process = try session(script, greeting: nil)
        try Self.greet(process, greeting, destination)
        return process
    }

    private func session(_ script: String, greeting: String?) throws(NodeError) -> SpawnedProcess {
        try client(["-T"], command: [destination.remote(script)])
    }

    private func client(_ arguments: [String], command: [String]) throws(NodeError) -> SpawnedProcess {
        // Without a master it would connect again; a proxy that fails keeps it from that.
        try SpawnedProcess(
            "ssh",
            ["-o", "ControlMaster=no", "-o", "ProxyCommand=false"] + destination.options(runtime) + arguments
                + ["--", destination.address] + command)
    }

    /// Clients end when their stream is closed; those that have are let go.
    private func keep(_ process: SpawnedProcess) -> SpawnedProcess {
        clients.withLock { clients in
            clients.removeAll { $0.hasEnded() }
            clients.append(process)
        }
        return process
    }

    private static func greet(
        _ process: SpawnedProcess, _ greeting: String, _ destination: SSHDestination,
        _ isStopped: (@Sendable () -> Bool)? = nil
    ) throws(NodeError) {
        let deadline = ContinuousClock.now + .seconds(SSHDestination.connectSeconds + 20)
        do throws(SocketStream.Failure) {
            try process.withSocket { (number) throws(SocketStream.Failure) in
                try SocketStream(number: number, name: destination.name, isStopped: isStopped)
                    .awaitGreeting(greeting, until: deadline)
            }
        } catch {
            // It says why before it ends.
            if case .stopped = error {} else { process.waitForEnd(seconds: 2) }
            throw SSHFailure.error(process.errorLines(), error, destination)
        }
    }
}
