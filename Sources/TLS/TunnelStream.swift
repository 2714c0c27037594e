// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A stream to an endpoint that somebody else has connected.
package struct TunnelStream: Sendable {
    /// A stream socket, which its user closes.
    package let descriptor: Int32
    /// Why the stream has ended, as far as its carrier knows; asked once it has.
    package let complaint: @Sendable () -> String?

    package init(descriptor: Int32, complaint: @escaping @Sendable () -> String?) {
        self.descriptor = descriptor
        self.complaint = complaint
    }
}
