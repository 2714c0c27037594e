// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Values

// Files that are written on the node, and the directories for them: one request for all of a step.
extension SSHTransport {
    package func prepare(_ files: [FileWrite]) throws(NodeError) -> [String] {
        guard !files.isEmpty else { return [] }
        var parts = [AgentChannel.Part(lines: ["put", "\(files.count * 6)"])]
        for file in files {
            guard let sum = file.content.withBytes(digest) else { throw .noDigest(file.path) }
            let size = file.content.withBytes { $0.count }
            let temporary = AtomicFileWriter.temporary(for: file.path)
            parts.append(
                AgentChannel.Part(
                    lines: [temporary, Self.text(file.mode), Self.text(file.owner), "\(size)", sum],
                    content: file.content))
        }
        let reply = try channel.request(parts, seconds: Self.seconds(files.count))
        guard case .done = reply else {
            let (place, why) = Self.place(of: reply, in: files.map(\.path))
            throw failure(why, "write", files[place].path)
        }
        return files.map { AtomicFileWriter.temporary(for: $0.path) }
    }

    package func prepareCopies(_ copies: [FileCopy], with _: ByteDigest) throws(NodeError) -> [PreparedCopy?]
    {
        guard !copies.isEmpty else { return [] }
        let temporaries = copies.map { AtomicFileWriter.temporary(for: $0.path) }
        var lines = ["copy", "\(copies.count * 4)"]
        for (copy, temporary) in zip(copies, temporaries) {
            lines += [copy.source, temporary, Self.text(copy.mode), Self.text(copy.owner)]
        }
        let reply = try channel.request(lines, seconds: Self.seconds(copies.count))
        guard case .done = reply else {
            let said = AgentChannel.Reply.lines(reply.text)
            if said.count == 2, FileStatus.isKind(said[1]), copies.contains(where: { $0.source == said[0] }) {
                throw Self.notRegular(said[0])
            }
            let (place, why) = Self.place(of: reply, in: copies.map(\.path))
            throw failure(why, "copy \(copies[place].source) to", copies[place].path)
        }
        let answers = AgentChannel.Reply.lines(reply.text)
        var prepared: [PreparedCopy?] = []
        for (answer, temporary) in zip(answers, temporaries) {
            let words = answer.split(separator: " ").map(String.init)
            if words.count == 2, let size = Int(words[0]), words[1].utf8.count == 64 {
                prepared.append(PreparedCopy(temporary: temporary, size: size, sha256: words[1]))
            } else if answer == "-" {
                prepared.append(nil)
            }
        }
        guard answers.count == copies.count, prepared.count == copies.count else {
            throw NodeError(
                .system, operation: "copy \(copies[0].source) to", subject: copies[0].path,
                underlying: "the answer is not understood")
        }
        return prepared
    }

    package func commit(_ files: [PreparedPath], removing removed: [String]) throws(NodeError) {
        guard let first = files.first?.path ?? removed.first else { return }
        let words =
            ["\(files.count)"] + files.flatMap { [$0.temporary, $0.path] } + removed
        try expectDone(channel.request(["move", "\(words.count)"] + words), "replace", first)
    }

    package func makeDirectories(_ paths: [String], mode: UInt32) throws(NodeError) {
        guard let first = paths.first else { return }
        let words = [Self.text(mode)] + paths
        try expectDone(
            channel.request(["makedirs", "\(words.count)"] + words), "make the directory", first)
    }

    /// A busy disk is slow to sync, each file of its own.
    private static func seconds(_ count: Int) -> Int { AgentChannel.seconds + 30 * (count - 1) }

    private static func text(_ mode: UInt32) -> String { "0" + String(mode, radix: 8) }

    private static func text(_ owner: FileOwner?) -> String {
        owner.map { "\($0.userID):\($0.groupID)" } ?? "-"
    }

    /// Which of `paths` could not be written, whose temporary file the agent names first, and the answer without that line.
    private static func place(
        of reply: AgentChannel.Reply, in paths: [String]
    ) -> (index: Int, why: AgentChannel.Reply) {
        guard case .failed(let output, let errors) = reply,
            let line = AgentChannel.Reply.lines(output).first,
            let index = paths.firstIndex(where: { AtomicFileWriter.temporary(for: $0) == line })
        else { return (0, reply) }
        return (
            index,
            .failed(
                output: String(decoding: output.utf8.dropFirst(line.utf8.count + 1), as: UTF8.self),
                errors: errors)
        )
    }
}
