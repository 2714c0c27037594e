// SPDX-License-Identifier: Apache-2.0

/// What went over the connection to one node for its files and programs: not what systemd's bus and the connections to its
/// API server took.
package struct NodeTraffic: Sendable, Equatable {
    /// Questions and changes, each with one answer.
    package var requests = 0
    /// Bytes before ssh encrypts them.
    package var sent = 0
    package var received = 0

    package init() {}
}
