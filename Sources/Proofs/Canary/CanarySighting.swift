// SPDX-License-Identifier: Apache-2.0

import PKI
import Synchronization
import TLS
import Values

/// What arrived at the canary through one aggregator.
package struct CanarySighting: Sendable, Equatable {
    /// DER of the certificates that the aggregator presented, its own first; empty where it presented none.
    package var presented: [[UInt8]]
    package var users: [String]
    package var groups: [String]
    /// The user that was asked as; nil where an administrator asked, whose name is not known here.
    package var expectedUser: String?
    /// Whether the answer came back to the process that asked.
    package var isAnswered = false

    /// The presented certificates, read.
    /// - Throws: for one that is no certificate as RFC 5280 has it.
    package func certificates() throws -> [Certificate] {
        try presented.map { der in try Certificate(der: der, path: "the presented certificate") }
    }
}
