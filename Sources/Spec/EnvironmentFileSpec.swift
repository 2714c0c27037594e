// SPDX-License-Identifier: Apache-2.0

/// One variable in a file that the unit reads with `EnvironmentFile=`.
package struct EnvironmentFileSpec: Sendable, Equatable {
    package var path: String
    package var variable: String

    package init(path: String, variable: String) {
        self.path = path
        self.variable = variable
    }
}
