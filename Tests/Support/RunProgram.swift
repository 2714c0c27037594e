// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How a program ended, with what it wrote.
public struct ProgramResult: Sendable {
    /// Exit status; 128 + the signal's number where a signal ended it.
    public let status: Int32
    public let stdout: String
    public let stderr: String
}

/// Runs a program to the end and collects its output; tests may use Foundation's Process, the product never does.
public func run(
    _ program: String, _ arguments: [String], environment: [String: String]? = nil,
    currentDirectory: String? = nil
) throws -> ProgramResult {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    if let environment { process.environment = environment }
    if let currentDirectory { process.currentDirectoryURL = URL(fileURLWithPath: currentDirectory) }
    let directory = try TemporaryDirectory()
    for name in ["out", "err"] {
        _ = FileManager.default.createFile(atPath: directory.file(name), contents: nil)
    }
    process.standardOutput = FileHandle(forWritingAtPath: directory.file("out"))
    process.standardError = FileHandle(forWritingAtPath: directory.file("err"))
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: directory.file(name))), as: UTF8.self)
    }
    let status = process.terminationStatus
    return ProgramResult(
        status: process.terminationReason == .uncaughtSignal ? 128 + status : status,
        stdout: try text("out"), stderr: try text("err"))
}
