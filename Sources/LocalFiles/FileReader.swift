// SPDX-License-Identifier: Apache-2.0

import Glibc
import Secrets
import Values

/// Reads whole files with a bound on their size.
package enum FileReader {
    /// The bytes of `path`; links are followed.
    /// - Returns: nil where nothing is there.
    /// - Throws: `node/too-large` above `limit` bytes, `node/not-regular` for a directory, device or socket.
    package static func read(_ path: String, limit: Int = 4 << 20) throws(NodeError) -> [UInt8]? {
        guard let file = try open(path, limit: limit) else { return nil }
        let room = room(for: file.number, limit)
        var bytes: [UInt8] = []
        while true {
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: room) { buffer, filled in
                count = retrying { Glibc.read(file.number, buffer.baseAddress, buffer.count) }
                filled = max(0, count)
            }
            if count < 0 { throw .system("read", path) }
            if count == 0 { return bytes }
            bytes += chunk
            if bytes.count > limit { throw tooLarge(Message(verbatim: path), limit) }
        }
    }

    /// Hands over each line of `path` without its line feed, one at a time: a log may be larger than what is held.
    /// - Parameter body: takes a line, and whether a line feed ends it, which the last one may lack.
    /// - Throws: as `read`, with `limit` for each line; what `body` throws.
    package static func forEachLine(
        of path: String, limit: Int = 1 << 20, _ body: (_ line: [UInt8], _ isEnded: Bool) throws -> Void
    ) throws {
        guard let file = try open(path) else { return }
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = chunk.withUnsafeMutableBytes { buffer in
                retrying { Glibc.read(file.number, buffer.baseAddress, buffer.count) }
            }
            if count < 0 { throw NodeError.system("read", path) }
            if count == 0 { break }
            var rest = chunk[..<count]
            while let feed = rest.firstIndex(of: 0x0a) {
                line += rest[..<feed]
                try body(line, true)
                line.removeAll(keepingCapacity: true)
                rest = rest[(feed + 1)...]
            }
            line += rest
            if line.count > limit { throw tooLarge("a line of \(path)", limit) }
        }
        if !line.isEmpty { try body(line, false) }
    }

    /// Who may be able to read a secret file.
    package enum Readers: Sendable {
        case anybody
        /// Its owner alone, who is root or the user of this process; `node/not-private` otherwise.
        case owner
    }

    /// The bytes of a secret file, wiped when they are let go.
    /// - Returns: nil where nothing is there.
    package static func readSecret(
        _ path: String, limit: Int = 64 << 10, readableBy readers: Readers = .anybody
    ) throws(NodeError) -> SecretBytes? {
        guard let file = try open(path, limit: limit) else { return nil }
        if readers == .owner { try checkPrivate(file) }
        return try secret(from: file.number, Message(verbatim: path), limit)
    }

    /// What a descriptor that this process was started with gives until its end; it stays open, here alone: no program
    /// that this one starts gets it.
    /// - Throws: a system error, for example where the descriptor is not open.
    package static func readSecret(
        descriptor: Int32, limit: Int = 64 << 10
    ) throws(NodeError) -> SecretBytes {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return try secret(from: descriptor, "file descriptor \(descriptor)", limit)
    }

    /// How many bytes are read at once: of a file one more than it has, which shows its end. All that is taken is wiped again.
    private static func room(for number: Int32, _ limit: Int) -> Int {
        var status = stat()
        guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return limit + 1 }
        // A file of the kernel's says that it has none.
        return min(limit, status.st_size > 0 ? Int(clamping: status.st_size) : 64 << 10) + 1
    }

    private static func secret(
        from number: Int32, _ subject: Message, _ limit: Int
    ) throws(NodeError) -> SecretBytes {
        let room = room(for: number, limit)
        let secret = try secret(from: number, subject, limit, room: room)
        guard secret.count == room, room <= limit else { return secret }
        // A file that holds more than it said: only of a file less is asked for than may be read.
        guard lseek(number, 0, SEEK_SET) == 0 else { throw .system("read", subject) }
        return try self.secret(from: number, subject, limit, room: limit + 1)
    }

    private static func secret(
        from number: Int32, _ subject: Message, _ limit: Int, room: Int
    ) throws(NodeError) -> SecretBytes {
        var failure: Int32 = 0
        let secret = SecretBytes(count: room) { buffer in
            var filled = 0
            while filled < buffer.count {
                let count = retrying {
                    Glibc.read(number, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
                }
                if count < 0 { failure = errno }
                if count <= 0 { break }
                filled += count
            }
            return filled
        }
        if failure != 0 { throw .system("read", subject, failure) }
        if secret.count > limit { throw tooLarge(subject, limit) }
        return secret
    }

    private static func checkPrivate(_ file: borrowing FileDescriptor) throws(NodeError) {
        var status = stat()
        guard fstat(file.number, &status) == 0 else { throw .system("look at", file.path) }
        let mode = status.st_mode & 0o7777
        guard mode & 0o077 == 0, status.st_uid == 0 || status.st_uid == geteuid() else {
            throw NodeError(
                .notPrivate, operation: "use", subject: file.path,
                underlying: "others may read or change it: mode 0\(String(mode, radix: 8)), "
                    + "owner \(status.st_uid)",
                hint: "chmod 0600 \(file.path), as its owner")
        }
    }

    /// The first bytes of a file, fewer where it has not as many; empty where nothing is there.
    package static func first(_ count: Int, of path: String) throws(NodeError) -> [UInt8] {
        guard let file = try open(path) else { return [] }
        var bytes = [UInt8](repeating: 0, count: count)
        let read = bytes.withUnsafeMutableBytes { buffer in
            retrying { Glibc.read(file.number, buffer.baseAddress, count) }
        }
        if read < 0 { throw .system("read", path) }
        return Array(bytes[..<read])
    }

    /// Names in a directory, sorted, without `.` and `..`; empty where the directory does not exist.
    package static func list(_ path: String) throws(NodeError) -> [String] {
        guard let stream = opendir(path) else {
            if errno == ENOENT { return [] }
            throw .system("list", path)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            // Only this tells an error from the end.
            errno = 0
            guard let entry = readdir(stream) else { break }
            let text = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let name = text else {
                throw .notText("list", path, "it holds a name that is not UTF-8")
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw .system("list", path) }
        return names.sorted { $0.bytes < $1.bytes }
    }

    /// - Parameter limit: of its size, so that what is too large is not read first; nil for any.
    private static func open(_ path: String, limit: Int? = nil) throws(NodeError) -> FileDescriptor? {
        // O_NONBLOCK: a FIFO must not hang the run before it is seen not to be a file.
        let number = retrying { Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        if number < 0 {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .system("read", path)
        }
        let file = FileDescriptor(owning: number, path: path)
        var status = stat()
        guard fstat(number, &status) == 0 else { throw .system("look at", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw NodeError(
                .notRegular, operation: "read", subject: path, underlying: "it is not a regular file")
        }
        if let limit, status.st_size > limit { throw tooLarge(Message(verbatim: path), limit) }
        return file
    }

    private static func tooLarge(_ subject: Message, _ limit: Int) -> NodeError {
        NodeError(
            .tooLarge, operation: "read", subject: subject, underlying: "it holds more than \(limit) bytes")
    }
}
