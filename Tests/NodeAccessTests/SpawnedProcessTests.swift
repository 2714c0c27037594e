// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import NodeAccess

/// A program beside this one, and the socket that several use.
@Suite struct SpawnedProcessTests {
    /// Who has the socket's number may use it to the end: another file must not get that number meanwhile.
    @Test func aLentSocketStaysOpen() throws {
        let process = try SpawnedProcess("cat", [])
        process.withSocket { number in
            #expect(number >= 0)
            process.end()
            let files = (0..<64).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
            #expect(!files.contains(number))
            // What is written now reaches nobody.
            #expect(send(number, ".", 1, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) == -1 && errno == EPIPE)
            for file in files { _ = close(file) }
        }
        process.withSocket { number in #expect(number == -1) }
        #expect(process.hasEnded())
    }

    /// Who takes the socket over has it alone, and the program lives until that is closed.
    @Test func aSocketIsHandedOverOnce() throws {
        let process = try SpawnedProcess("cat", [])
        let number = process.takeSocket()
        #expect(number >= 0 && process.takeSocket() == -1)
        #expect(send(number, "x", 1, Int32(MSG_NOSIGNAL)) == 1)
        var byte: UInt8 = 0
        #expect(recv(number, &byte, 1, 0) == 1 && byte == UInt8(ascii: "x"))
        _ = close(number)
        process.waitForEnd(seconds: 10)
        #expect(process.hasEnded())
    }
}
