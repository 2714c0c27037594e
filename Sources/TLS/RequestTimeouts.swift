// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How long a request may take.
package struct RequestTimeouts: Sendable, Equatable {
    /// For the TCP connection to one address.
    package var connect: Duration
    /// For all of it: connection, handshake, request, answer. Looking up a host name is not bounded by it.
    package var total: Duration

    package init(connect: Duration = .seconds(5), total: Duration = .seconds(15)) {
        self.connect = connect
        self.total = total
    }
}
