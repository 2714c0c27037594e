// SPDX-License-Identifier: Apache-2.0

import Values

extension Message {
    /// As the reader's terminal shows it.
    var shown: String { description }
}
