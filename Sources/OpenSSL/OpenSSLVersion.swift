// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The libcrypto that the program runs with, which may be newer than the one it was built with.
package enum OpenSSLVersion {
    /// For example `OpenSSL 3.0.17 1 Jul 2025`.
    package static var text: String {
        OpenSSL_version(OPENSSL_VERSION).map { String(cString: $0) } ?? "OpenSSL of unknown version"
    }

    /// Its number alone, for example `3.0.17`.
    package static var running: String? {
        OpenSSL_version(OPENSSL_VERSION_STRING).map { String(cString: $0) }
    }

    /// The number of the libcrypto that the program was built with.
    package static let built = OPENSSL_VERSION_STR
}
