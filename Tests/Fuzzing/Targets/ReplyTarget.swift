// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
@testable import NodeAccess
import Secrets
import Values

/// What a node answers over ssh: the frame, and what is read in it.
///
/// A name has no line feed and no slash; what is read of a file is within what was sent.
enum ReplyTarget {
    private static let paths = ["/etc/a", "/etc/b", "/etc/kubernetes"]

    static func run(_ bytes: [UInt8]) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { return }
        let sent = send(ends[1], bytes, bytes.count, Int32(MSG_DONTWAIT))
        _ = close(ends[1])
        defer { _ = close(ends[0]) }
        guard sent == bytes.count else { return }
        let socket = SocketStream(number: ends[0], name: "n")
        var left = bytes.count
        while let answer = try? AgentChannel.receiveReply(from: socket, until: .now + .seconds(5)) {
            left -= answer.bytes
            require(left >= 0, "a reply is longer than what was sent")
            check(answer.reply)
        }
    }

    private static func check(_ reply: AgentChannel.Reply) {
        let said = reply.text
        require(said.utf8.last != 0x0a, "line feeds are left at the end")
        _ = reply.isMissing
        _ = FileStatus(statLine: said)
        let lines = ReadAhead.statLines(of: paths, in: reply)
        for (path, _) in lines { require(!path.text.utf8.contains(0x0a), "a path with a line feed") }
        if case .done(let bytes) = reply {
            if case .whole(let content) = AgentChannel.Reply.content(of: bytes) {
                require(content.count < bytes.count, "more bytes than there were")
            }
            if let read = ReadAhead.contents(Array(paths.prefix(2)), [paths[2]], lines, in: reply) {
                require(read.contents.count == 2 && read.digests.count == 1, "another number of files")
                require(read.contents.reduce(0) { $0 + $1.count } < bytes.count, "more bytes than there were")
            }
        }
        for (path, names) in AgentChannel.Reply.names(in: paths, said) {
            require(paths.containsBytes(path.text), "names of a directory that was not asked for")
            for name in names { require(!name.utf8.contains(0x0a), "a name with a line feed") }
        }
        for line in said.utf8.split(separator: 0x0a) {
            _ = SSHTransport.process(String(decoding: line, as: UTF8.self))
        }
    }
}
