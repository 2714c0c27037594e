// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import LocalFiles
@testable import NodeAccess
@testable import Values

@Suite struct AdvisoryLockTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.file("lock") }

    init() throws { directory = try TemporaryDirectory() }

    /// Another process that holds the lock until it is killed; returns when it has it.
    private func holder(_ text: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let script = "printf '%s' '\(text)' >\(path); echo held; exec sleep 600"
        process.arguments = ["flock", "--no-fork", path, "sh", "-c", script]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        #expect(output.fileHandleForReading.availableData == Data("held\n".utf8))
        return process
    }

    @Test func anotherProcessHoldsIt() throws {
        let other = try holder("4711 on cp1 since noon")
        let error = #expect(throws: NodeError.self) { try AdvisoryLock(path: path) }
        #expect(error?.code == .locked)
        #expect(error?.underlying == "locked by 4711 on cp1 since noon")
        // However it ends, its lock goes with it.
        kill(other.processIdentifier, SIGKILL)
        other.waitUntilExit()
        _ = try AdvisoryLock(path: path)
    }

    @Test func aHolderThatHasNotSaidWhoItIs() throws {
        let other = try holder("")
        defer { kill(other.processIdentifier, SIGKILL) }
        let error = #expect(throws: NodeError.self) { try AdvisoryLock(path: path) }
        #expect(error?.underlying == "locked by another aggbootstrap that has not changed anything yet")
    }

    @Test func whatItSaysOfItself() throws {
        let now = UnixTime(seconds: 1_700_000_000)
        do {
            let lock = try AdvisoryLock(path: path)
            try lock.announce(now: now)
            let text = "\(getpid()) on \(LocalHost.name()) since 2023-11-14T22:13:20Z"
            let error = #expect(throws: NodeError.self) { try AdvisoryLock(path: path) }
            #expect(error?.underlying == "locked by \(text)")
            #expect(fileMode(path) == "600")
            withExtendedLifetime(lock) {}
        }
        // Nobody is named as the holder who has let go.
        let next = try AdvisoryLock(path: path)
        let error = #expect(throws: NodeError.self) { try AdvisoryLock(path: path) }
        #expect(error?.underlying == "locked by another aggbootstrap that has not changed anything yet")
        withExtendedLifetime(next) {}
    }

    /// A child that has not come from its fork to its exec has the open file too, and would keep the lock.
    @Test func lettingGoWhileAChildHasTheFile() throws {
        var copies: [Int32] = []
        defer { for copy in copies { close(copy) } }
        do {
            let lock = try AdvisoryLock(path: path)
            for name in try FileReader.list("/proc/self/fd") {
                let target = try? FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/self/fd/\(name)")
                if target == path, let number = Int32(name) { copies.append(dup(number)) }
            }
            withExtendedLifetime(lock) {}
        }
        #expect(!copies.isEmpty)
        _ = try AdvisoryLock(path: path)
    }

    @Test func whereItCannotBe() throws {
        #expect(throws: NodeError.self) { try AdvisoryLock(path: directory.file("missing/lock")) }
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: directory.file("file"))
        let error = #expect(throws: NodeError.self) { try AdvisoryLock(path: path) }
        #expect(error?.code == .system && error?.errno == ELOOP)
    }

    @Test(
        arguments: [
            ("", "", [0, 0]), ("root", "", [0, 0]), ("0", "", [0, 0]), ("daemon", "", [1, 1]),
            ("daemon", "root", [1, 0]),
            ("1", "", [1, 1]), ("54321", "", [54321, 54321]), ("54321", "7", [54321, 7]),
            ("", "daemon", [0, 1]),
        ] as [(String, String, [UInt32])])
    func owners(user: String, group: String, ids: [UInt32]) throws {
        let owner = try LocalHost.owner(user: user, group: group)
        #expect([owner.userID, owner.groupID] == ids)
    }

    @Test(arguments: [("no-such-user", ""), ("root", "no-such-group"), ("-1", ""), ("4294967296", "")])
    func ownersThatAreUnknown(user: String, group: String) throws {
        let error = #expect(throws: NodeError.self) { try LocalHost.owner(user: user, group: group) }
        #expect(error?.code == .unknownUser)
        #expect(error?.subject.description == (group.isEmpty ? user : group))
    }

    /// A process that looks is told of a holder that has said who it is, and of nobody once that has been killed.
    @Test func whoHoldsIt() throws {
        #expect(try AdvisoryLock.holder(of: path) == nil)
        let text = "4711 on cp1 since noon"
        let other = try holder(text)
        #expect(try AdvisoryLock.holder(of: path) == text)
        kill(other.processIdentifier, SIGKILL)
        other.waitUntilExit()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        #expect(try AdvisoryLock.holder(of: path) == nil)
        // The next one is not taken for it.
        let next = try AdvisoryLock(path: path)
        #expect(try AdvisoryLock.holder(of: path) == nil)
        let error = #expect(throws: NodeError.self) { try AdvisoryLock(path: path) }
        #expect(error?.underlying == "locked by another aggbootstrap that has not changed anything yet")
        withExtendedLifetime(next) {}
    }

    /// To look whether a lock is held keeps nobody from taking it.
    @Test func lookersAreNoHolders() async throws {
        let path = path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask { while !Task.isCancelled { _ = try AdvisoryLock.holder(of: path) } }
            }
            for _ in 0..<500 {
                try Data("4711 on cp1 since noon".utf8).write(to: URL(fileURLWithPath: path))
                _ = try AdvisoryLock(path: path)
            }
            group.cancelAll()
        }
    }
}
