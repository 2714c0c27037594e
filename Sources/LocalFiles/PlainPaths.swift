// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Values

/// Paths of a tree that were seen to be no links.
final class PlainPaths: Sendable {
    private let paths = Mutex<Set<ByteText>>([])

    func contains(_ path: String) -> Bool { paths.withLock { $0.contains(path.bytes) } }

    func insert(_ path: String) { paths.withLock { _ = $0.insert(path.bytes) } }
}
