// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Something that the operator should know, which stops nothing.
package struct Notice: Sendable, Equatable {
    package var code: String
    package var node: String?
    package var message: String

    package init(code: String, node: String?, message: String) {
        self.code = code
        self.node = node
        self.message = message
    }
}
