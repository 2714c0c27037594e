// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// What several values share; freed with the last of them.
///
/// Only read after it was made, which libcrypto allows from several threads at once: it counts references and caches
/// extensions under locks of its own.
package final class SharedHandle<Kind: OpenSSLType>: @unchecked Sendable {
    package let pointer: OpaquePointer

    package init(_ handle: consuming Handle<Kind>) { pointer = handle.released() }

    deinit { Kind.free(pointer) }
}
