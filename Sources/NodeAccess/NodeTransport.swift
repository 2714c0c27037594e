// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Secrets
import Values

/// The files and programs of one node, reached as files of this machine (`LocalTransport`) or over ssh
/// (`SSHTransport`).
///
/// Every path is absolute on the node. Calls block until the node has answered, so each node is worked on by a thread
/// of its own. What changes something is durable when the call returns: written, synced, renamed, directory synced.
package protocol NodeTransport: NodeReading {
    func forgetAhead()
    /// What went to the node and came back so far; nil where nothing crosses a network.
    var traffic: NodeTraffic? { get }

    /// The first bytes of a file, fewer where it has not as many; empty where nothing is there.
    func first(_ count: Int, of path: String) throws(NodeError) -> [UInt8]
    /// The SHA-256 of a regular file, links followed, in lower-case hex, computed where the file lies: a key does not travel
    /// for it. nil where nothing is there.
    /// - Parameter digest: what a file of this machine is digested with.
    func sha256(of path: String, with digest: ByteDigest) throws(NodeError) -> String?
    /// User and group id of names or numbers as systemd's `User=` and `Group=` take them.
    func owner(user: String, group: String) throws(NodeError) -> FileOwner
    /// The node's clock, in whole seconds.
    func clock() throws(NodeError) -> UnixTime

    /// Puts files into temporary files beside their paths, all of them durable, none visible under its name yet; all are
    /// written before the first is synced, over ssh in one request.
    /// - Returns: the temporary files' paths in the order of `files`, to be given to `commit` or `discard`.
    /// - Throws: after which none of the temporary files is there.
    func prepare(_ files: [FileWrite]) throws(NodeError) -> [String]
    /// As `prepare`, with the content of other files of the node, which is copied there and read back.
    /// - Returns: nil for each that has nothing at its source.
    /// - Throws: `node/not-regular` as `read`.
    func prepareCopies(_ copies: [FileCopy], with digest: ByteDigest) throws(NodeError) -> [PreparedCopy?]
    /// Renames prepared files over their targets, in order and back to back, then removes others, in one process on the node
    /// that goes on when its session is cut.
    /// - Parameter removed: files that must be gone; it is no error where one is not there.
    /// - Throws: the targets named before the one that failed are the new ones.
    func commit(_ files: [PreparedPath], removing removed: [String]) throws(NodeError)
    /// Makes directories and those above them that are missing, whatever the umask; existing ones are left as they are.
    func makeDirectories(_ paths: [String], mode: UInt32) throws(NodeError)
    /// Renames a directory to a name that is free.
    func renameDirectory(_ from: String, to: String) throws(NodeError)
    /// Removes a file; it is no error where there is none.
    func remove(_ path: String) throws(NodeError)
    /// Removes a directory with all that is in it; it is no error where there is none.
    func removeTree(_ path: String) throws(NodeError)
    /// Removes a directory that is empty; one that is missing, holds something or is a mount point is left as it is.
    func removeEmptyDirectory(_ path: String) throws(NodeError)

    /// Takes the node's lock for the time of a rollout; what changes the node over ssh is refused without it.
    /// - Throws: `node/locked` at once where another run holds it, with who and since when.
    func lock(_ holder: LockHolder) throws(NodeError) -> any NodeLock
    /// Whether the lock is still ours; asked before systemd is told to do something.
    /// - Throws: `node/lock-lost`.
    func checkLock() throws(NodeError)

    /// The node's processes whose command line has one of `words` somewhere.
    /// - Throws: `node/command` where they cannot be searched.
    func processes(mentioning words: [String]) throws(NodeError) -> [NodeProcess]
    /// Runs a program on the node to the end; a non-zero status is a result, not an error.
    /// - Throws: `node/command` where it cannot be started or takes too long.
    func run(
        _ program: String, _ arguments: [String], environment: [String: String], timeoutSeconds: Int
    ) async throws(NodeError) -> CommandResult
}

/// Lower-case hex SHA-256; comes from outside, since this module does not link a cryptographic library.
package typealias ByteDigest = @Sendable (UnsafeRawBufferPointer) -> String?

// Files of this machine need no reading ahead.
extension NodeTransport {
    package func forgetAhead() {}
    package var traffic: NodeTraffic? { nil }
}

extension NodeTransport {
    package func makeDirectories(_ path: String, mode: UInt32) throws(NodeError) {
        try makeDirectories([path], mode: mode)
    }

    /// Stages one file.
    package func prepare(
        _ path: String, _ content: FileContent, mode: UInt32, owner: FileOwner?
    ) throws(NodeError) -> String {
        try prepare([FileWrite(path, content, mode: mode, owner: owner)])[0]
    }

    package func commit(_ files: [PreparedPath]) throws(NodeError) { try commit(files, removing: []) }

    /// Stages and commits files.
    package func write(_ files: [FileWrite]) throws(NodeError) {
        let temporaries = try prepare(files)
        do throws(NodeError) {
            try commit(zip(temporaries, files).map { PreparedPath(temporary: $0, path: $1.path) })
        } catch {
            discard(temporaries)
            throw error
        }
    }

    /// Stages and commits one file.
    package func write(
        _ path: String, _ content: FileContent, mode: UInt32, owner: FileOwner? = nil
    ) throws(NodeError) {
        try write([FileWrite(path, content, mode: mode, owner: owner)])
    }

    /// Removes prepared files; what cannot be removed is left for the next run.
    package func discard(_ temporaries: [String]) {
        for temporary in temporaries { try? remove(temporary) }
    }

    package func run(
        _ program: String, _ arguments: [String], timeoutSeconds: Int = 60
    ) async throws(NodeError) -> CommandResult {
        try await run(program, arguments, environment: [:], timeoutSeconds: timeoutSeconds)
    }
}
