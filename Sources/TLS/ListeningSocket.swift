// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization

/// A TCP socket that listens, closed when it goes out of scope.
final class ListeningSocket: Sendable {
    let number: Int32
    let port: Int

    init(address: String, port: Int, _ attempt: Attempt) throws(APIServerError) {
        let places = try resolve(APIServerEndpoint(address: address, port: port), attempt)
        let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let number = socket(places[0].family, flags, 0)
        guard number >= 0 else { throw attempt.system(.unreachable, errno) }
        var on: Int32 = 1
        setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard places[0].withPointer({ bind(number, $0, $1) }) == 0, listen(number, 128) == 0,
            let bound = SocketAddress.local(of: number)
        else {
            let cause = errno
            Glibc.close(number)
            throw attempt.system(.unreachable, cause)
        }
        self.number = number
        self.port = bound.port
    }

    deinit { _ = Glibc.close(number) }

    /// The next connection that waits; nil where none does.
    func accept() -> Int32? {
        while true {
            let number = Glibc.accept(self.number, nil, nil)
            if number >= 0 {
                _ = fcntl(number, F_SETFD, FD_CLOEXEC)
                _ = fcntl(number, F_SETFL, O_NONBLOCK)
                return number
            }
            if errno != EINTR && errno != ECONNABORTED { return nil }
        }
    }
}
