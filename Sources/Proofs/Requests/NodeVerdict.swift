// SPDX-License-Identifier: Apache-2.0

import Planning
import Values

/// Whom one control plane takes a request for.
package struct NodeVerdict: Sendable {
    package let node: String
    /// nil if its flags are not known; then `problem` says why.
    package let verdict: RequestVerdict?
    package let problem: Message?
    /// The common names that may set the headers; empty for all.
    package let allowedNames: [String]
}
