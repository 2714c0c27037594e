// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Secrets
import Values

/// A prepared file and the path that it is to have.
package struct PreparedPath: Sendable, Equatable {
    package let temporary: String
    package let path: String

    package init(temporary: String, path: String) {
        self.temporary = temporary
        self.path = path
    }
}
