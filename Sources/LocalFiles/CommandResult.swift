// SPDX-License-Identifier: Apache-2.0

import Subprocess
import Values

/// How a program ended, with what it wrote.
package struct CommandResult: Sendable {
    /// Exit status; 128 + the signal's number where a signal ended it.
    package let status: Int32
    package let stdout: String
    package let stderr: String

    package init(status: Int32, stdout: String, stderr: String) {
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
    }
}
