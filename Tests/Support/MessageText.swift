// SPDX-License-Identifier: Apache-2.0

import Values

// Tests look at the English text.
extension Message {
    package func contains(_ part: String) -> Bool { description.contains(part) }
    package func hasPrefix(_ part: String) -> Bool { description.hasPrefix(part) }
    package func hasSuffix(_ part: String) -> Bool { description.hasSuffix(part) }
}

@_disfavoredOverload
package func == (one: Message?, other: String?) -> Bool { one?.description == other }
