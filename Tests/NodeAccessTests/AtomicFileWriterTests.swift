// SPDX-License-Identifier: Apache-2.0

import Foundation
import Secrets
import TestSupport
import Testing

@testable import LocalFiles
@testable import NodeAccess
@testable import Values

@Suite struct AtomicFileWriterTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func text(_ name: String) -> String? {
        FileManager.default.contents(atPath: directory.file(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    }

    private func secret(_ text: String) -> SecretBytes {
        Array(text.utf8).withUnsafeBytes { SecretBytes(copying: $0) }
    }

    /// Two cron jobs may write one file.
    @Test func severalProcessesWriteOneFile() throws {
        let path = directory.file("file")
        let other = directory.file(".file.1\(AtomicFileWriter.temporarySuffix)")
        try Data("of another".utf8).write(to: URL(fileURLWithPath: other))
        try AtomicFileWriter.writeUnlocked(path, .text("one"), mode: 0o644)
        #expect(text("file") == "one" && FileManager.default.fileExists(atPath: other))
        #expect(try names().count == 2)
    }

    /// What one of them leaves when it is killed has a name that no later one has.
    @Test func whatAKilledProcessLeftIsRemoved() throws {
        let killed = Process()
        killed.executableURL = URL(fileURLWithPath: "/bin/true")
        try killed.run()
        killed.waitUntilExit()
        let others = [
            ".file.\(killed.processIdentifier)", ".file.name", ".file.0",
            ".file2.\(killed.processIdentifier)",
        ]
        for other in others { try directory.write("a part", to: other + AtomicFileWriter.temporarySuffix) }
        try AtomicFileWriter.writeUnlocked(directory.file("file"), .text("one"), mode: 0o644)
        #expect(
            try names()
                == (others.dropFirst().map { $0 + AtomicFileWriter.temporarySuffix } + ["file"]).sorted())
    }

    /// As root, /dev/null would be a file from then on.
    @Test func whatIsNoFileIsNotReplaced() throws {
        let path = directory.file("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        #expect(throws: NodeError.self) { try AtomicFileWriter.write(path, .text("one"), mode: 0o644) }
        #expect(try FileStatus.of(path)?.kind == .other)
        #expect(try names() == ["pipe"])
    }

    @Test(arguments: [0o600, 0o644, 0o640, 0o755] as [UInt32])
    func writesAndReplaces(mode: UInt32) throws {
        let path = directory.file("file")
        try AtomicFileWriter.write(path, .text("one"), mode: 0o644)
        let first = try #require(try FileStatus.of(path))
        try AtomicFileWriter.write(path, .secret(secret("two, longer")), mode: mode)
        let second = try #require(try FileStatus.of(path))
        #expect(text("file") == "two, longer")
        #expect(second.mode == mode && second.inode != first.inode)
        #expect(try names() == ["file"])
    }

    @Test(arguments: [0, 1, 4095, 1 << 20]) func keepsEveryByte(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try AtomicFileWriter.write(directory.file("file"), .bytes(bytes), mode: 0o600)
        #expect(try FileReader.read(directory.file("file")) == bytes)
    }

    /// The mode is the wanted one before the first byte is written, whatever the umask: seen from another process.
    @Test(arguments: [0, 0o022, 0o077, 0o777] as [mode_t])
    func theModeDoesNotDependOnTheUmask(mask: mode_t) async throws {
        let path = directory.path
        await #expect(processExitsWith: .success) { [path = path as String, mask = mask as mode_t] in
            umask(mask)
            let key = try AtomicFileWriter.prepare("\(path)/key", .text("k"), mode: 0o600, owner: nil)
            let certificate = try AtomicFileWriter.prepare(
                "\(path)/cert", .text("c"), mode: 0o644, owner: nil)
            guard fileMode(key) == "600", fileMode(certificate) == "644" else { exit(1) }
        }
    }

    /// A write that fails in the middle leaves the old file and no other.
    @Test func aFullDisk() async throws {
        let path = directory.path
        try AtomicFileWriter.write(directory.file("file"), .text("old"), mode: 0o644)
        await #expect(processExitsWith: .exitCode(27)) { [path = path as String] in
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 10_000, rlim_max: 10_000)
            guard setrlimit(__rlimit_resource_t(1), &limit) == 0 else { exit(2) }
            do throws(NodeError) {
                try AtomicFileWriter.write(
                    "\(path)/file", .bytes([UInt8](repeating: 7, count: 20_000)), mode: 0o644)
            } catch {
                exit(error.operation == "write" ? error.errno : 3)
            }
        }
        #expect(text("file") == "old")
        #expect(try names() == ["file"])
    }

    @Test func aLeftoverOfAKilledRunIsReplaced() throws {
        try directory.write("half", to: ".file.aggbootstrap-tmp")
        chmod(directory.file(".file.aggbootstrap-tmp"), 0o777)
        try AtomicFileWriter.write(directory.file("file"), .text("whole"), mode: 0o600)
        #expect(text("file") == "whole")
        #expect(fileMode(directory.file("file")) == "600")
        #expect(try names() == ["file"])
    }

    @Test func linksAreReplacedAndNotFollowed() throws {
        try directory.write("theirs", to: "other")
        for name in ["file", ".file.aggbootstrap-tmp"] {
            try FileManager.default.createSymbolicLink(
                atPath: directory.file(name), withDestinationPath: directory.file("other"))
        }
        try AtomicFileWriter.write(directory.file("file"), .text("ours"), mode: 0o644)
        #expect(text("other") == "theirs")
        #expect(try FileStatus.of(directory.file("file"))?.kind == .regular)
        #expect(text("file") == "ours")
    }

    @Test func theOwner() throws {
        let id = geteuid()
        let owner =
            id == 0 ? FileOwner(userID: 4711, groupID: 4712) : FileOwner(userID: id, groupID: getegid())
        try AtomicFileWriter.write(directory.file("file"), .text("x"), mode: 0o640, owner: owner)
        let status = try #require(try FileStatus.of(directory.file("file")))
        #expect(FileOwner(userID: status.userID, groupID: status.groupID) == owner)
        #expect(status.mode == 0o640)
    }

    /// Files take effect in the order that they are given in; those before a failure are new, those behind it old.
    @Test func commitKeepsTheOrder() throws {
        try FileManager.default.createDirectory(
            atPath: directory.file("b"), withIntermediateDirectories: false)
        var prepared: [(temporary: String, path: String)] = []
        for name in ["a", "b", "c"] {
            let path = directory.file(name)
            prepared.append((try AtomicFileWriter.prepare(path, .text("new"), mode: 0o644, owner: nil), path))
        }
        let error = #expect(throws: NodeError.self) { try AtomicFileWriter.commit(prepared) }
        #expect(error?.subject == directory.file("b") && error?.errno == EISDIR)
        #expect(text("a") == "new" && text("c") == nil)
        AtomicFileWriter.discard(prepared.map(\.temporary))
        #expect(try names() == ["a", "b"])
    }

    /// All of them or none: what was written before one that fails is gone.
    @Test func stagingSeveral() throws {
        let files = ["a", "b"].map { FileWrite(directory.file($0), .text($0), mode: 0o600) }
        try directory.write("half", to: ".b.aggbootstrap-tmp")
        let missing = FileWrite(directory.file("none/c"), .text("c"), mode: 0o600)
        #expect(throws: NodeError.self) { try AtomicFileWriter.prepare(files + [missing]) }
        #expect(try names() == [])
        #expect(try AtomicFileWriter.prepare([]) == [])
        try AtomicFileWriter.write(files)
        #expect(text("a") == "a" && text("b") == "b")
        // More than are open at once.
        let many = (0..<300).map { FileWrite(directory.file("\($0)"), .text("\($0)"), mode: 0o640) }
        try AtomicFileWriter.write(many)
        #expect(
            (0..<300).allSatisfy { text("\($0)") == "\($0)" && fileMode(directory.file("\($0)")) == "640" })
    }

    @Test func committingAndRemoving() throws {
        for name in ["a", "b"] { try directory.write("old", to: name) }
        let temporary = try AtomicFileWriter.prepare(
            directory.file("a"), .text("new"), mode: 0o600, owner: nil)
        let gone = ["b", "c", "none/d"].map { directory.file($0) }
        try AtomicFileWriter.commit([(temporary, directory.file("a"))], removing: gone)
        #expect(try names() == ["a"] && text("a") == "new")
    }

    /// Each is there with all of its files, or none is there.
    @Test func addsDirectories() throws {
        func new(_ name: String, in parent: String, files: [String]) -> NewDirectory {
            NewDirectory(
                name, in: directory.file(parent), unfinished: ".new-",
                files: files.map { ($0, .text("\(name) \($0)"), 0o640) })
        }
        try directory.write("half", to: "one/.new-1/x")
        let both = [new("1", in: "one", files: ["x", "y"]), new("1", in: "two/deep", files: ["z"])]
        try AtomicFileWriter.addDirectories(both, mode: 0o711, owner: nil)
        #expect(text("one/1/x") == "1 x" && text("one/1/y") == "1 y" && text("two/deep/1/z") == "1 z")
        #expect(
            ["one/1", "two", "two/deep", "two/deep/1"].map { fileMode(directory.file($0)) }
                == ["711", "711", "711", "711"])
        #expect(fileMode(directory.file("one/1/x")) == "640")
        // A file that cannot be made, in the second of them.
        let bad = [new("2", in: "one", files: ["x"]), new("2", in: "two/deep", files: ["none/x"])]
        #expect(throws: NodeError.self) {
            try AtomicFileWriter.addDirectories(bad, mode: 0o711, owner: nil)
        }
        for parent in ["one", "two/deep"] {
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.file(parent)) == ["1"])
        }
    }

    @Test func failuresSayWhatToDo() throws {
        let missing = #expect(throws: NodeError.self) {
            try AtomicFileWriter.write("/proc/none/file", .text("x"), mode: 0o644)
        }
        #expect(missing?.code == .system)
        #expect("\(try #require(missing))".hasPrefix("cannot open /proc/none/file: "))
        #expect(NodeError.system("write", "/etc/x", ENOSPC).hint?.contains("free some space") == true)
        #expect(NodeError.system("write", "/etc/x", EROFS).hint?.contains("read-only") == true)
        #expect(NodeError.system("write", "/etc/x", EACCES).hint?.contains("root") == true)
    }

    // MARK: - Directories

    @Test func makesDirectories() throws {
        try AtomicFileWriter.makeDirectories(directory.file("a/b/c"), mode: 0o700)
        #expect(["a", "a/b", "a/b/c"].map { fileMode(directory.file($0)) } == ["700", "700", "700"])
        chmod(directory.file("a"), 0o751)
        try AtomicFileWriter.makeDirectories(directory.file("a/b/c"), mode: 0o755)
        #expect(["a", "a/b", "a/b/c"].map { fileMode(directory.file($0)) } == ["751", "700", "700"])
        let link = directory.file("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: directory.file("a"))
        try AtomicFileWriter.makeDirectories("\(link)/d", mode: 0o755)
        #expect(try FileStatus.of(directory.file("a/d"))?.kind == .directory)
        try directory.write("x", to: "file")
        let error = #expect(throws: NodeError.self) {
            try AtomicFileWriter.makeDirectories(directory.file("file/d"), mode: 0o755)
        }
        #expect(error?.code == .notRegular && error?.subject == directory.file("file"))
    }

    @Test func theModeOfADirectoryDoesNotDependOnTheUmask() async throws {
        let path = directory.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            umask(0o077)
            try AtomicFileWriter.makeDirectories("\(path)/a/b", mode: 0o755)
            guard fileMode("\(path)/a") == "755", fileMode("\(path)/a/b") == "755" else { exit(1) }
        }
    }

    @Test func removesTrees() throws {
        try directory.write("x", to: "tree/a/b/file")
        try directory.write("mine", to: "kept/file")
        try FileManager.default.createSymbolicLink(
            atPath: directory.file("tree/a/link"), withDestinationPath: directory.file("kept"))
        try AtomicFileWriter.removeTree(directory.file("tree"))
        try AtomicFileWriter.removeTree(directory.file("tree"))
        #expect(try names() == ["kept"])
        #expect(text("kept/file") == "mine")
        try AtomicFileWriter.removeEmptyDirectory(directory.file("kept"))
        try AtomicFileWriter.remove(directory.file("kept/file"))
        try AtomicFileWriter.remove(directory.file("kept/file"))
        try AtomicFileWriter.removeEmptyDirectory(directory.file("kept"))
        #expect(try names() == [])
    }

    @Test func renamesDirectories() throws {
        try directory.write("x", to: "from/file")
        try directory.write("y", to: "taken/file")
        #expect(throws: NodeError.self) {
            try AtomicFileWriter.renameDirectory(directory.file("from"), to: directory.file("taken"))
        }
        try AtomicFileWriter.renameDirectory(directory.file("from"), to: directory.file("to"))
        #expect(try names() == ["taken", "to"])
    }
}
