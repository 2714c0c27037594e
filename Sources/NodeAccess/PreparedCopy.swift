// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Secrets
import Values

/// A prepared file that is a copy of another one of its node.
package struct PreparedCopy: Sendable, Equatable {
    package let temporary: String
    package let size: Int
    package let sha256: String
}
