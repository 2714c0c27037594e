// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a shell line wrote to a terminal, both streams in the order of writing, and its exit status.
public struct TerminalResult: Sendable {
    public let status: Int32
    /// With line feeds as line ends and colours as escape codes.
    public let screen: String

    /// What stands on the terminal in the end.
    public var seen: String {
        var screen = TerminalScreen()
        screen.write(self.screen)
        return screen.text
    }
}

/// Runs a shell line on a pseudo-terminal of 80 columns.
public func runOnTerminal(_ line: String, environment: [String: String], currentDirectory: String) throws
    -> TerminalResult
{
    var (main, side): (Int32, Int32) = (-1, -1)
    var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
    guard openpty(&main, &side, nil, nil, &size) == 0 else {
        throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
    defer { close(main) }
    // Another test's child must not keep the terminal open.
    for descriptor in [main, side] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["bash", "-c", line]
    process.environment = environment
    process.currentDirectoryURL = URL(fileURLWithPath: currentDirectory)
    let terminal = FileHandle(fileDescriptor: side, closeOnDealloc: false)
    (process.standardInput, process.standardOutput, process.standardError) = (terminal, terminal, terminal)
    do { try process.run() } catch {
        close(side)
        throw error
    }
    close(side)
    // Ends with EIO once nobody has the terminal any more.
    var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
    while true {
        let count = read(main, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        bytes += buffer[..<count]
    }
    process.waitUntilExit()
    let status = process.terminationStatus
    return TerminalResult(
        status: process.terminationReason == .uncaughtSignal ? 128 + status : status,
        screen: String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n"))
}
