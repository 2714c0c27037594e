// SPDX-License-Identifier: Apache-2.0

import SystemdUnits
import Values

/// How a kube-apiserver finds out who sends a request, as far as its flags say.
package struct AuthenticationSettings: Sendable, Equatable {
    /// Path of the requestheader CA; nil if it reads no user from headers.
    package var requestHeaderCAFile: String?
    /// Common names that may set the headers; empty: every one that the CA has signed.
    package var allowedNames: [String]
    package var usernameHeaders: [String]
    package var uidHeaders: [String]
    package var groupHeaders: [String]
    package var extraHeadersPrefixes: [String]
    /// Path of the CA of client certificates; nil if it takes none.
    package var clientCAFile: String?
    package var allowsAnonymous: Bool
    /// A file that may set what the flags do not say; nil if none is named.
    package var configurationFile: String?

    /// - Parameter flags: of a kube-apiserver, which has none of the headers by default.
    package init(_ flags: EffectiveFlags) {
        func path(_ name: String) -> String? { flags.string(name).flatMap { $0.isEmpty ? nil : $0 } }
        requestHeaderCAFile = path("requestheader-client-ca-file")
        allowedNames = flags.list("requestheader-allowed-names") ?? []
        usernameHeaders = flags.list("requestheader-username-headers") ?? []
        uidHeaders = flags.list("requestheader-uid-headers") ?? []
        groupHeaders = flags.list("requestheader-group-headers") ?? []
        extraHeadersPrefixes = flags.list("requestheader-extra-headers-prefix") ?? []
        clientCAFile = path("client-ca-file")
        configurationFile = path("authentication-config")
        // Where everything is allowed, kube-apiserver turns anonymous requests off by itself.
        let isOpen =
            flags.list("authorization-mode").map { $0.containsBytes("AlwaysAllow") }
            ?? (path("authorization-config") == nil)
        allowsAnonymous = !isOpen && flags.bool("anonymous-auth") != false
    }
}
