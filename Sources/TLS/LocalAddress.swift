// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// Which of this machine's addresses others see.
package enum LocalAddress {
    /// The address that this machine has on its way to `address`; nothing is sent.
    ///
    /// Where addresses are translated in between, it is not the one that the other side sees.
    /// - Parameter address: an IP address or a host name.
    /// - Throws: `.unreachable` where there is no way, or no such host.
    package static func towards(_ address: String) throws(APIServerError) -> String {
        let attempt = Attempt(operation: "find the way to", subject: address)
        var cause = ENETUNREACH
        for place in try resolve(APIServerEndpoint(address: address, port: 443), attempt) {
            let number = socket(place.family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard number >= 0 else { continue }
            defer { close(number) }
            // Of a datagram socket this only chooses the way.
            if place.withPointer({ connect(number, $0, $1) }) == 0,
                let local = SocketAddress.local(of: number)
            {
                return local.text
            }
            cause = errno
        }
        throw attempt.system(.unreachable, cause)
    }
}
