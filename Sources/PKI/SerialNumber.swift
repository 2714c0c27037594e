// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Values

/// A certificate's serial number: 20 bytes, positive, not zero (RFC 5280, 4.1.2.2).
package struct SerialNumber: Sendable, Equatable {
    /// Big-endian; the top bit is clear, so DER needs no 21st byte.
    package let bytes: [UInt8]

    /// - Returns: nil unless there are 20 bytes that read as a positive number.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 20, bytes[0] & 0x80 == 0, bytes.contains(where: { $0 != 0 }) else { return nil }
        self.bytes = bytes
    }

    /// 159 random bits from libcrypto's generator.
    package static func random() throws(PKIError) -> SerialNumber {
        while true {
            var bytes = [UInt8](repeating: 0, count: 20)
            try check("draw", "a serial number") { RAND_bytes(&bytes, 20) }
            bytes[0] &= 0x7f
            // A leading zero byte is kept, although DER then writes 19: refusing it would cost randomness.
            if let serial = SerialNumber(bytes: bytes) { return serial }
        }
    }
}
