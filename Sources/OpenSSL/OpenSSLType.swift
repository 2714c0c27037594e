// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A type of libcrypto's or libssl's, and how it is freed.
package protocol OpenSSLType {
    static func free(_ pointer: OpaquePointer)
}
