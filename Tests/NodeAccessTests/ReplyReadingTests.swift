// SPDX-License-Identifier: Apache-2.0

import Secrets
import Testing
import Values

@testable import LocalFiles
@testable import NodeAccess

/// What a node's programs print. A line ends with a line feed and with nothing else: a name may end with a carriage return,
/// and Swift takes the two for one character.
@Suite struct ReplyReadingTests {
    private static func done(_ text: String) -> AgentChannel.Reply {
        .done(Array(text.utf8).withUnsafeBytes { SecretBytes(copying: $0) })
    }

    @Test func namesThatEndWithACarriageReturn() {
        let names = AgentChannel.Reply.names(in: ["/a", "/b"], "/a:\nx\r\ny\n\n/b:\nz\r\n")
        #expect(names["/a".bytes]?.bytes == ["x\r", "y"].bytes)
        #expect(names["/b".bytes]?.bytes == ["z\r"].bytes)
    }

    @Test func aDirectoryInTheOtherOfTwoForms() {
        // The two names are equivalent, and two directories.
        let names = AgentChannel.Reply.names(in: ["/e\u{301}", "/\u{e9}"], "/\u{e9}:\nx\n\n/e\u{301}:\ny\n")
        #expect(names["/\u{e9}".bytes]?.bytes == ["x"].bytes)
        #expect(names["/e\u{301}".bytes]?.bytes == ["y"].bytes)
    }

    @Test func onlyLineFeedsAreCutOff() {
        #expect(Self.done("/x\r\n").text.bytes == "/x\r".bytes)
        #expect(Self.done("a\n\n").text.bytes == "a".bytes)
    }

    @Test func statusOfPathsThatEndWithACarriageReturn() throws {
        let line = "81a4 0 0 3 1311 64769 1 1700000000.000000001"
        let lines = ReadAhead.statLines(of: ["/a\r", "/b"], in: Self.done("\(line) /a\r\n\(line) /b\n"))
        #expect(Set(lines.keys) == ["/a\r".bytes, "/b".bytes])
    }

    /// A node that is not what it should be is not read; it does not end the program.
    @Test(arguments: ["-13", "9223372036854775807"]) func sizesThatNoFileHas(size: String) {
        let line = "81a4 0 0 \(size) 1311 64769 1 1700000000.000000001"
        let (first, second) = ("\(line) /etc/a", "81a4 0 0 1 1311 64769 1 1700000000.000000001 /etc/b")
        let reply = Self.done("YWJjZA==\n\(first)\n\(second)\n")
        let lines: [ByteText: String?] = ["/etc/a".bytes: first, "/etc/b".bytes: second]
        #expect(ReadAhead.contents(["/etc/a", "/etc/b"], [], lines, in: reply) == nil)
    }
}
