// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import OpenSSL
import PKI
import Secrets
import Values

/// What the file `issued` beside a leaf says: the CA generation, the profile, the key's digest and the certificate's, a
/// line each.
struct IssuedRecord: Equatable {
    var generation: String
    var profile: String
    /// Of the key file as nodes have it, in lower-case hex; nil in states of an early version.
    var keySHA256: String?
    /// The certificate's fingerprint in lower-case hex; nil in states of earlier versions.
    var certificateSHA256: String?

    init(generation: String, profile: String, keySHA256: String?, certificateSHA256: String? = nil) {
        self.generation = generation
        self.profile = profile
        self.keySHA256 = keySHA256
        self.certificateSHA256 = certificateSHA256
    }

    /// nil where the bytes are not two to four lines.
    init?(_ bytes: [UInt8]) {
        let lines = bytes.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
        guard (2...4).contains(lines.count) else { return nil }
        self.init(
            generation: lines[0], profile: lines[1], keySHA256: lines.count > 2 ? lines[2] : nil,
            certificateSHA256: lines.count > 3 ? lines[3] : nil)
    }

    var text: String {
        [generation, profile, keySHA256, certificateSHA256].compactMap { $0 }.map { "\($0)\n" }.joined()
    }
}
