// SPDX-License-Identifier: Apache-2.0

import OpenSSL
import SystemdBus

/// Versions of what the program stands on.
package enum LibraryVersions {
    /// The libcrypto that it was built with, for example `3.0.17`.
    package static var builtOpenSSL: String { OpenSSLVersion.built }

    /// The libcrypto that it runs with.
    package static var runningOpenSSL: String? { OpenSSLVersion.running }

    /// The systemd that runs this machine; nil where none answers.
    package static var runningSystemd: String? { try? SystemBus(.system).version() }
}
