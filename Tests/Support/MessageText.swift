// SPDX-License-Identifier: Apache-2.0

import Values

// A message's English text, as if it were a string.
extension Message {
    package func contains(_ part: String) -> Bool { description.contains(part) }
    package func hasPrefix(_ start: String) -> Bool { description.hasPrefix(start) }
    package func hasSuffix(_ end: String) -> Bool { description.hasSuffix(end) }
}
