// SPDX-License-Identifier: Apache-2.0

import Secrets

/// As whom a request is made.
package enum Caller: Sendable {
    case anonymous
    /// As an aggregator does: its certificate, and a user's name in a header.
    case frontProxy(ClientIdentity, ProbeUser, RequestHeaderNames)

    var identity: ClientIdentity? {
        switch self {
        case .anonymous: nil
        case .frontProxy(let identity, _, _): identity
        }
    }
}
