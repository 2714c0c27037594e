// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import NodeAccess
import StateStore
import Values

extension Run {
    /// The lock of the state directory where there is one already, without what a killed run left in it; a first run
    /// takes it in `apply`, and so does one whose state cannot be written, if it comes to that.
    /// - Throws: `state/locked`, `state/tree-locked` (exit 75) while another run holds one of them.
    package func lockExisting() throws -> StateLock? {
        guard try FileStatus.of(state.path) != nil else { return nil }
        do {
            let lock = try lockState()
            try state.removeUnfinished()
            return lock
        } catch let error as NodeError where error.errno == EROFS {
            return nil
        }
    }

    /// The lock of the state directory, which is made where it is missing.
    func lockState() throws -> StateLock { StateLock(try state.lock(), tree: try lockTree(making: false)) }

    /// The lock of the tree that an offline run changes; nil live, and where there is none yet and the run makes none.
    func lockTree(making: Bool) throws -> AdvisoryLock? {
        guard let root = request.root else { return nil }
        if making { try AtomicFileWriter.makeDirectories(root, mode: 0o755) }
        guard try FileStatus.of(root) != nil else { return nil }
        do { return try AdvisoryLock.onDirectory(root) } catch {
            guard error.code == .locked else { throw error }
            throw BootstrapError(
                "state/tree-locked", status: .locked, "cannot change \(root): \(error.underlying)",
                hint: "wait until it has ended; use the same --state for this tree each time")
        }
    }
}
