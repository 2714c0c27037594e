// SPDX-License-Identifier: Apache-2.0

import Subprocess
import Values

/// Runs programs: an executable and an argument array, never a shell line.
package enum CommandRunner {
    /// How much a program may write to its standard output, and to its standard error.
    package static let mostBytes = 16 << 20

    /// Runs a program to the end; a non-zero status is a result, not an error.
    /// - Parameters:
    ///   - program: a name on the PATH.
    ///   - environment: variables that are set besides the inherited ones.
    ///   - timeoutSeconds: after that long it is killed and an error is thrown.
    /// - Throws: `node/command` where it cannot be started, takes too long or writes more than `mostBytes`.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:],
        timeoutSeconds: Int = 60
    ) async throws(NodeError) -> CommandResult {
        var changes: [Environment.Key: String?] = [:]
        for (name, value) in environment { changes[Environment.Key(rawValue: name) ?? "_"] = .some(value) }
        let updated = Environment.inherit.updating(changes)
        do {
            return try await withThrowingTaskGroup(of: CommandResult?.self) { group in
                group.addTask {
                    let result = try await Subprocess.run(
                        Executable.name(program), arguments: Arguments(arguments), environment: updated,
                        output: .string(limit: mostBytes), error: .string(limit: mostBytes))
                    let status: Int32 =
                        switch result.terminationStatus {
                        case .exited(let code): code
                        case .signaled(let signal): 128 + signal
                        }
                    return CommandResult(
                        status: status, stdout: result.standardOutput, stderr: result.standardError)
                }
                group.addTask {
                    try await Task.sleep(for: .seconds(timeoutSeconds))
                    return nil
                }
                defer { group.cancelAll() }
                if let result = try await group.next() ?? nil { return result }
                throw NodeError(
                    .command, operation: "run", subject: program,
                    underlying: "it had not ended after \(timeoutSeconds) s")
            }
        } catch let error as NodeError {
            throw error
        } catch {
            throw NodeError(
                .command, operation: "run", subject: program, underlying: "\(error)",
                hint: "install \(program), and check that it is on the PATH")
        }
    }
}
