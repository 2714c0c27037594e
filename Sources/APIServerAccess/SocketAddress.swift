// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One address that an endpoint's name stands for.
struct SocketAddress {
    let family: Int32
    /// Numeric, with the port.
    let text: String
    private let bytes: [UInt8]

    fileprivate init?(_ info: addrinfo) {
        guard let start = info.ai_addr else { return nil }
        family = info.ai_family
        bytes = Array(UnsafeRawBufferPointer(start: start, count: Int(info.ai_addrlen)))
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let known = getnameinfo(
            start, info.ai_addrlen, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST)
        text = known == 0 ? String(decoding: host.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self) : "?"
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
            .unreachable, cause.map { String(cString: $0) } ?? "the name could not be looked up",
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
