// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// A control plane as a new spec must describe it: its kube-apiserver's flags, and the certificates that they name.
package struct AdoptedServer: Sendable, Equatable {
    /// A certificate, with its subject in the parts that a spec has.
    package struct Certificate: Sendable, Equatable {
        package var summary: CertificateSummary
        package var pem: [UInt8]
        package var names: SubjectNames
        /// Attributes of the subject that a spec has no place for.
        package var otherAttributes: [String]

        package init(
            _ summary: CertificateSummary, pem: [UInt8], names: SubjectNames, otherAttributes: [String] = []
        ) {
            self.summary = summary
            self.pem = pem
            self.names = names
            self.otherAttributes = otherAttributes
        }
    }

    /// How it is reached; its name is the node's own.
    package var node: NodeSpec
    /// The systemd service that its process belongs to; nil where something else runs it.
    package var service: String?
    package var flags: EffectiveFlags
    /// Absolute paths that the flags name; nil where they name none.
    package var caPath: String?
    package var certificatePath: String?
    package var keyPath: String?
    /// The requestheader CA's file; the CA that signed the proxy client certificate is the first.
    package var authorities: [Certificate]
    /// Keys of the client CA's certificates, as SHA-256.
    package var clientCAKeys: [String]
    package var client: Certificate?
    /// Whether none of the requestheader CAs has signed it, and no other certificate stands between.
    package var isClientUnsigned = false
    /// Permission bits of the private key; nil where it is not there.
    package var keyMode: UInt32?
    /// Files beside the CA's that are its key.
    package var caKeys: [String]
    /// The machine and the process, told apart from any other; nil where that cannot be known.
    package var process: String?

    package init(
        node: NodeSpec, service: String?, flags: EffectiveFlags, caPath: String? = nil,
        certificatePath: String? = nil, keyPath: String? = nil, authorities: [Certificate] = [],
        clientCAKeys: [String] = [], client: Certificate? = nil, keyMode: UInt32? = nil, caKeys: [String] = []
    ) {
        self.node = node
        self.service = service
        self.flags = flags
        self.caPath = caPath
        self.certificatePath = certificatePath
        self.keyPath = keyPath
        self.authorities = authorities
        self.clientCAKeys = clientCAKeys
        self.client = client
        self.keyMode = keyMode
        self.caKeys = caKeys
    }

    /// The CA that signs client certificates too, so that a user could act as any other; nil where there is none.
    package var sharedAuthority: Certificate? {
        authorities.first { clientCAKeys.contains($0.summary.publicKeySHA256) }
    }
}
