// SPDX-License-Identifier: Apache-2.0

/// A subject alternative name, in canonical form.
package enum SubjectAlternativeName: Sendable, Hashable, CustomStringConvertible {
    case dns(DNSName)
    case ip(IPAddress)

    package var description: String {
        switch self {
        case .dns(let name): name.description
        case .ip(let address): address.description
        }
    }
}
