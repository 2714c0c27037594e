// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// An environment file of `--base-file`.
package struct GivenFile: Sendable, Equatable {
    package var text: String
    /// Permission bits of the file that was given.
    package var mode: UInt32
    /// Its path on this machine.
    package var file: String

    package init(text: String, mode: UInt32, file: String) {
        self.text = text
        self.mode = mode
        self.file = file
    }
}
