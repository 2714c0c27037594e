// SPDX-License-Identifier: Apache-2.0

import Values

/// A text of a cfssl file with where it stands.
struct CFSSLText: Sendable {
    let value: String
    let location: SourceLocation
}
