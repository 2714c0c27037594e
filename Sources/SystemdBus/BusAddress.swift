// SPDX-License-Identifier: Apache-2.0

import Values

/// Where a D-Bus daemon is reached.
package enum BusAddress: Sendable, Equatable, MessageConvertible {
    /// This machine's system bus.
    case system
    /// A D-Bus server address (D-Bus specification, "Server Addresses"), for example `unix:path=/run/bus` or
    /// `unixexec:path=/usr/bin/ssh,argv1=...`; values are percent-escaped by the program that builds it.
    case address(String)
    /// A stream socket that leads to a D-Bus daemon, owned from here on, and what errors call it.
    case descriptor(Int32, name: String)

    package var message: Message {
        switch self {
        case .system: "the system bus"
        case .address(let text): "the bus at \(text)"
        case .descriptor(_, let name): "the system bus of \(name)"
        }
    }
}
