// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Secrets
import Values

/// The files of one node as far as they are only read: a node's own (`NodeTransport`), or files that are judged as if they
/// lay on one.
package protocol NodeReading: Sendable {
    /// The path as a message to the operator names it.
    func display(_ path: String) -> String
    /// Reads what is about to be asked for, over ssh in two requests for all of it: `status`, `read` and a digest are
    /// answered from there until it is forgotten. It is for an observation, which changes nothing.
    /// - Parameters:
    ///   - paths: whose status and, of regular files, content will be read.
    ///   - digests: whose status and digest will be.
    /// - Throws: where the node cannot be reached; never for what a path holds.
    func readAhead(_ paths: [String], digests: [String]) throws(NodeError)

    /// Status of `path` itself, not of what a link points to; nil where nothing is there.
    func status(_ path: String) throws(NodeError) -> FileStatus?
    /// Where a path leads on the node, with every link followed; what is missing stays as it is named.
    func follow(_ path: String) throws(NodeError) -> String
    /// The bytes of a regular file, links followed; nil where nothing is there.
    /// - Throws: `node/too-large` above `limit` bytes, `node/not-regular` for a directory, device or socket.
    func read(_ path: String, limit: Int) throws(NodeError) -> [UInt8]?
    /// As `read`; the bytes are wiped when they are let go.
    func readSecret(_ path: String, limit: Int) throws(NodeError) -> SecretBytes?
    /// Names in a directory, sorted, without `.` and `..`; empty where the directory does not exist.
    func list(_ path: String) throws(NodeError) -> [String]
    /// The same of many directories, over ssh in one request; in their order.
    func lists(_ paths: [String]) throws(NodeError) -> [[String]]
}

// Files of this machine need no reading ahead.
extension NodeReading {
    package func readAhead(_ paths: [String], digests: [String]) throws(NodeError) {}

    package func read(_ path: String) throws(NodeError) -> [UInt8]? { try read(path, limit: 4 << 20) }

    package func readSecret(_ path: String) throws(NodeError) -> SecretBytes? {
        try readSecret(path, limit: 64 << 10)
    }
}
