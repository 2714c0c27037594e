// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Bytes that must not outlive their use: a private key in PEM form, a passphrase.
///
/// One owner holds the memory; it is wiped with `explicit_bzero` when the last reference goes. The type has no
/// description that shows its content, so it cannot reach a log, a plan or an error by interpolation.
package final class SecretBytes: Sendable, CustomStringConvertible, CustomReflectable {
    // The memory is written once, in `init`, and only read afterwards.
    private nonisolated(unsafe) let storage: UnsafeMutableRawBufferPointer

    /// Copies `bytes`; the caller wipes its own copy.
    package init(copying bytes: UnsafeRawBufferPointer) {
        storage = .allocate(byteCount: bytes.count, alignment: 1)
        storage.copyMemory(from: bytes)
    }

    /// Allocates `count` bytes and lets `fill` write them from the first on; `fill` returns how many it wrote.
    ///
    /// Only those are wiped in the buffer that `fill` had: it may be far larger than what a file turns out to hold.
    package init(count: Int, filledBy fill: (UnsafeMutableRawBufferPointer) -> Int) {
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        let written = max(0, min(count, fill(scratch)))
        storage = .allocate(byteCount: written, alignment: 1)
        storage.copyMemory(from: UnsafeRawBufferPointer(rebasing: scratch[0..<written]))
        if let base = scratch.baseAddress { explicit_bzero(base, written) }
        scratch.deallocate()
    }

    deinit { Self.wipe(storage) }

    /// Number of bytes.
    package var count: Int { storage.count }

    /// Lends the bytes for the time of `body`; they must not be copied into a `String`.
    package func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R
    {
        try body(UnsafeRawBufferPointer(storage))
    }

    package var description: String { "<secret>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }

    private static func wipe(_ buffer: UnsafeMutableRawBufferPointer) {
        if let base = buffer.baseAddress { explicit_bzero(base, buffer.count) }
        buffer.deallocate()
    }
}
