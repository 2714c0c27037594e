// SPDX-License-Identifier: Apache-2.0

import Foundation
import Secrets
import TestSupport
import Testing

@testable import LocalFiles
@testable import NodeAccess
@testable import Values

@Suite struct FileReaderTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(arguments: [0, 1, 99, 100, 101, 70_000]) func theLimit(count: Int) throws {
        let path = try directory.write(String(repeating: "x", count: count), to: "file")
        if count <= 100 {
            #expect(try FileReader.read(path, limit: 100)?.count == count)
            #expect(try FileReader.readSecret(path, limit: 100)?.count == count)
            return
        }
        let error = #expect(throws: NodeError.self) { try FileReader.read(path, limit: 100) }
        #expect(error?.code == .tooLarge && error?.subject == path)
        #expect(throws: NodeError.self) { try FileReader.readSecret(path, limit: 100) }
    }

    @Test(arguments: ["missing", "file/below", "dangling"]) func nothingIsThere(name: String) throws {
        try directory.write("x", to: "file")
        try FileManager.default.createSymbolicLink(
            atPath: directory.file("dangling"), withDestinationPath: directory.file("nowhere"))
        #expect(try FileReader.read(directory.file(name)) == nil)
        #expect(try FileReader.readSecret(directory.file(name)) == nil)
    }

    /// A FIFO that nobody writes to would hang a plain open(2) for ever.
    @Test(.timeLimit(.minutes(10)), arguments: ["fifo", "directory", "/dev/zero", "linked"])
    func whatIsNoFile(name: String) throws {
        #expect(mkfifo(directory.file("fifo"), 0o600) == 0)
        try directory.write("x", to: "directory/file")
        try FileManager.default.createSymbolicLink(
            atPath: directory.file("linked"), withDestinationPath: "fifo")
        let path = name.hasPrefix("/") ? name : directory.file(name)
        let error = #expect(throws: NodeError.self) { try FileReader.read(path) }
        #expect(error?.code == .notRegular)
        #expect(throws: NodeError.self) { try FileReader.readSecret(path) }
    }

    @Test func linksAreFollowed() throws {
        try directory.write("text", to: "file")
        try FileManager.default.createSymbolicLink(
            atPath: directory.file("link"), withDestinationPath: "file")
        #expect(try FileReader.read(directory.file("link")) == Array("text".utf8))
        #expect(try FileStatus.of(directory.file("link"))?.kind == .symbolicLink)
    }

    @Test func names() throws {
        for name in ["b", "a", ".hidden", "é", "c/d"] { try directory.write("", to: name) }
        #expect(try FileReader.list(directory.path) == [".hidden", "a", "b", "c", "é"])
        #expect(try FileReader.list(directory.file("missing")) == [])
        #expect(throws: NodeError.self) { try FileReader.list(directory.file("a")) }
    }

    /// A last line without its end spoils no other: a whole one gets its end, a torn one goes.
    @Test(
        arguments: [
            (nil, "new\n"), ("", "new\n"), ("old\n", "old\nnew\n"), ("torn", "new\n"),
            ("old\ntorn", "old\nnew\n"), ("whole", "whole\nnew\n"), ("old\nwhole", "old\nwhole\nnew\n"),
            ("old\n\u{0}\u{0}", "old\nnew\n"),
            ("old\n" + String(repeating: "x", count: 10_000), "old\nnew\n"),
            (String(repeating: "x", count: 4096), "new\n"),
            (String(repeating: "x", count: 4095) + "\ntorn", String(repeating: "x", count: 4095) + "\nnew\n"),
        ] as [(String?, String)])
    func appendedLines(before: String?, after: String) throws {
        let path = directory.file("log")
        if let before { try directory.write(before, to: "log") }
        try LineAppender.append("new\n", to: path) { $0 == Array("whole".utf8) }
        #expect(try FileReader.read(path).map { String(decoding: $0, as: UTF8.self) } == after)
        if before == nil { #expect(fileMode(path) == "600") }
    }

    @Test func aLogThatIsALinkIsRefused() throws {
        try directory.write("theirs", to: "file")
        try FileManager.default.createSymbolicLink(atPath: directory.file("log"), withDestinationPath: "file")
        #expect(throws: NodeError.self) {
            try LineAppender.append("new\n", to: directory.file("log")) { _ in true }
        }
        #expect(try FileReader.read(directory.file("file")) == Array("theirs".utf8))
    }
}
