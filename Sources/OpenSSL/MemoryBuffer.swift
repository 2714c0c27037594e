// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Values

extension BIOHandle {
    /// A growing buffer; not for secrets.
    package static func growing() throws(PKIError) -> BIOHandle {
        BIOHandle(owning: try owned("allocate", "a buffer") { BIO_new(BIO_s_mem()) })
    }

    /// A growing buffer that is wiped when it grows and when it is freed: fit for private keys.
    package static func wiping() throws(PKIError) -> BIOHandle {
        BIOHandle(owning: try owned("allocate", "a buffer") { BIO_new(BIO_s_secmem()) })
    }

    /// How many bytes wait to be read.
    package var count: Int { BIO_ctrl_pending(pointer) }

    /// Moves what was written into `buffer` and returns how much it was.
    package func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        Int(BIO_read(pointer, buffer.baseAddress, Int32(clamping: buffer.count)))
    }

    /// Everything that was written; not for secrets.
    package func contents() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            written = max(0, read(into: UnsafeMutableRawBufferPointer(buffer)))
        }
    }
}
