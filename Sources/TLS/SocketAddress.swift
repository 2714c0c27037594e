// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// One address that an endpoint's name stands for.
struct SocketAddress {
    let family: Int32
    /// Numeric, without the port.
    let text: String
    let port: Int
    private let bytes: [UInt8]

    fileprivate init?(_ info: addrinfo) {
        guard let start = info.ai_addr else { return nil }
        self.init(start, info.ai_addrlen)
    }

    private init(_ start: UnsafePointer<sockaddr>, _ size: socklen_t) {
        family = Int32(start.pointee.sa_family)
        bytes = Array(UnsafeRawBufferPointer(start: start, count: Int(size)))
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let known = getnameinfo(
            start, size, &host, socklen_t(host.count), &service, socklen_t(service.count),
            NI_NUMERICHOST | NI_NUMERICSERV)
        func string(_ characters: [CChar]) -> String {
            String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        }
        text = known == 0 ? string(host) : "?"
        port = known == 0 ? Int(string(service)) ?? 0 : 0
    }

    /// This machine's end of a socket; nil, with `errno`, where it has none.
    static func local(of socket: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { start in
                getsockname(socket, start, &size) == 0 ? SocketAddress(start, size) : nil
            }
        }
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        // The generic form has room for, and the alignment of, every family.
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes.prefix($0.count)) }
        return withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(bytes.count)) }
        }
    }
}

/// Every address of the endpoint, in the system's order of preference (getaddrinfo(3)).
func resolve(_ endpoint: APIServerEndpoint, _ attempt: Attempt) throws(APIServerError) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(endpoint.address, String(endpoint.port), &hints, &list)
    guard result == 0 else {
        let cause =
            result == EAI_SYSTEM ? strerror(errno) : UnsafeMutablePointer(mutating: gai_strerror(result))
        throw attempt.error(
            .unreachable,
            cause.map { Message(verbatim: String(cString: $0)) } ?? "the name could not be looked up",
            hint: "the address must be an IP address, or a name that this machine can look up")
    }
    defer { freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = list
    while let entry = next {
        if let address = SocketAddress(entry.pointee) { addresses.append(address) }
        next = entry.pointee.ai_next
    }
    guard !addresses.isEmpty else { throw attempt.error(.unreachable, "the name has no address") }
    return addresses
}
