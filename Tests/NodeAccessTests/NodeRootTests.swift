// SPDX-License-Identifier: Apache-2.0

import Foundation
import LocalFiles
import NodeAccess
import TestSupport
import Testing
import Values

/// Links of a tree, which lead where they would on the node; what they would lead to on this machine stays untouched.
@Suite struct NodeRootTests {
    private let directory: TemporaryDirectory
    private let tree: LocalTransport

    init() throws {
        directory = try TemporaryDirectory()
        tree = LocalTransport(root: NodeRoot(prefix: directory.file("tree")))
        try directory.write("host", to: "outside/file")
        try directory.write("node", to: "tree/real/file")
    }

    private func link(_ target: String, _ name: String) throws {
        let path = directory.file("tree/\(name)")
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    }

    private func text(_ path: String) throws -> String? {
        try tree.read(path, limit: 100).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func linksLeadWhereTheyWouldOnTheNode() throws {
        try link("/real", "absolute")
        try link("../../../../../../../../real", "a/b/climbing")
        try link("a/b/../../absolute/file", "chained")
        try link(directory.file("outside"), "out")
        for path in ["/absolute/file", "/a/b/climbing/file", "/chained", "/../real/file"] {
            #expect(try text(path) == "node", "\(path)")
        }
        #expect(try tree.follow("/chained") == "/real/file")
        #expect(try tree.status("/chained")?.kind == .symbolicLink)
        #expect(try tree.status("/absolute/file")?.kind == .regular)
        // What is only on this machine is not there.
        #expect(try text("/out/file") == nil)
        #expect(try tree.status("/out/file") == nil)
        #expect(try tree.list("/out") == [])
        #expect(try tree.list("/absolute") == ["file"])
        #expect(try tree.first(2, of: "/chained") == Array("no".utf8))
    }

    @Test func aLoopIsAnError() throws {
        try link("/loop/b", "loop/a")
        try link("/loop/a", "loop/b")
        let error = #expect(throws: NodeError.self) { try text("/loop/a/file") }
        #expect(error?.description.contains("Too many levels of symbolic links") == true)
    }

    @Test func whatIsWrittenStaysInTheTree() throws {
        try link("/real", "absolute")
        try tree.makeDirectories("/absolute/new", mode: 0o755)
        try tree.write("/absolute/new/key", .text("secret"), mode: 0o600)
        try tree.write("/absolute/file", .text("changed"), mode: 0o644)
        #expect(try text("/real/new/key") == "secret")
        #expect(try text("/real/file") == "changed")
        try tree.remove("/absolute/new/key")
        try tree.removeEmptyDirectory("/absolute/new")
        #expect(try tree.list("/real") == ["file"])
        // A tree is removed with its links, and not what they lead to.
        try link("/real", "heap/link")
        try tree.removeTree("/heap")
        #expect(try text("/real/file") == "changed")
    }

    /// Where a link leads to something that the tree does not have, nothing is made up.
    @Test func nothingIsWrittenThroughALinkToNothing() throws {
        try link(directory.file("outside"), "out")
        let before = treeListing(directory.path)
        for change in [
            { try tree.makeDirectories("/out/deep/er", mode: 0o755) },
            { try tree.write("/out/file", .text("x"), mode: 0o600) },
        ] {
            let error = #expect(throws: NodeError.self) { try change() }
            #expect(error?.code == .symbolicLink)
            #expect(error?.description.contains("which is not in the tree") == true)
        }
        #expect(treeListing(directory.path) == before)
    }

    /// To the kernel, a slash and a mark behind it are two bytes.
    @Test func aPathIsSplitAtItsBytes() throws {
        let path = "/real/\u{301}b"
        let (parent, name) = AtomicFileWriter.split(path)
        #expect(parent == "/real" && name.utf8.elementsEqual("\u{301}b".utf8))
        try tree.write(path, .text("mark"), mode: 0o600)
        #expect(try text(path) == "mark")
        let file = directory.file("tree/real") + "/" + "\u{301}b"
        #expect(try FileReader.read(file) == Array("mark".utf8))
    }

    /// As text it would be another name.
    @Test func aNameThatIsNotTextIsAnError() throws {
        #expect(
            try run("bash", ["-c", "touch $'tree/real/\\xff.conf'"], currentDirectory: directory.path).status
                == 0)
        let error = #expect(throws: NodeError.self) { try tree.list("/real") }
        #expect(error?.code == .notText)
    }
}
