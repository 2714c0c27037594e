// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch
import Glibc
import LocalFiles
import Synchronization
import Values

/// A lock that a keeper on the node holds while it hears from us.
final class SSHLock: NodeLock {
    private let keeper: SpawnedProcess
    // Dispatch's sources may be used from any thread.
    nonisolated(unsafe) private let timer: any DispatchSourceTimer

    /// Seconds between two signs of life; the keeper lets go after 20 s without one.
    private static let beat = 5

    /// - Throws: `node/locked` with who holds it.
    init(_ connection: SSHConnection, _ holder: LockHolder) throws(NodeError) {
        keeper = try connection.openLock()
        let answer = try Self.ask(keeper, holder, connection.destination)
        guard answer == "held" else {
            guard answer.hasPrefix("taken") else {
                throw NodeError(
                    .system, operation: "lock", subject: "\(connection.destination.name)",
                    underlying: Message(verbatim: keeper.errorLines().last ?? answer),
                    hint: "make \(AgentScript.lockDirectory) writable on the node (df /run)")
            }
            throw .taken(String(answer.dropFirst("taken ".count)))
        }
        timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + .seconds(Self.beat), repeating: .seconds(Self.beat))
        let keeper = keeper
        let beat = DispatchWorkItem {
            keeper.withSocket { number in
                _ = Glibc.send(number, ".", 1, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
        }
        timer.setEventHandler(handler: beat)
        timer.resume()
    }

    private static func ask(
        _ keeper: SpawnedProcess, _ holder: LockHolder, _ destination: SSHDestination
    ) throws(NodeError) -> String {
        let deadline = ContinuousClock.now + .seconds(30)
        do throws(SocketStream.Failure) {
            return try keeper.withSocket { (number) throws(SocketStream.Failure) in
                let socket = SocketStream(number: number, name: destination.name)
                let lines = Array("\(holder.token)\n\(holder.text)\n".utf8)
                let failure = lines.withUnsafeBytes { buffer -> SocketStream.Failure? in
                    do throws(SocketStream.Failure) { try socket.send(buffer, until: deadline) } catch {
                        return error
                    }
                    return nil
                }
                if let failure { throw failure }
                try socket.awaitGreeting(AgentScript.lockGreeting, until: deadline)
                return try socket.receiveLine(until: deadline)
            }
        } catch {
            keeper.waitForEnd(seconds: 2)
            throw SSHFailure.error(keeper.errorLines(), error, destination)
        }
    }

    func release() {
        timer.cancel()
        keeper.end()
    }

    deinit { release() }
}
