// SPDX-License-Identifier: Apache-2.0

import Glibc
import Spec
import Values

// What this machine and this process are.
extension LocalHost {
    /// The path of the program that runs, links followed.
    package static func executable() throws(NodeError) -> String {
        guard let resolved = realpath("/proc/self/exe", nil) else {
            throw .system("look at", "/proc/self/exe")
        }
        defer { free(resolved) }
        guard let path = String(validatingCString: resolved) else {
            throw .notText("name", "this program", "its path is not UTF-8")
        }
        return path
    }

    /// How many processors may run this process's threads; 1 where that is not known.
    package static var processors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// The absolute form of a path, without `.`, `..` and doubled slashes; links are kept.
    package static func absolute(_ path: String) throws(NodeError) -> String {
        var parts: [String] = []
        if !path.isAbsolutePath {
            guard let directory = getcwd(nil, 0) else { throw .system("look at", "the working directory") }
            defer { free(directory) }
            guard let text = String(validatingCString: directory) else {
                throw .notText("look at", "the working directory", "its path is not UTF-8")
            }
            parts = text.pathComponents
        }
        for part in path.pathComponents where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// Whether systemd's journal reads what is written to `descriptor` (systemd.exec(5), `$JOURNAL_STREAM`).
    package static func isJournal(_ descriptor: Int32) -> Bool {
        var status = stat()
        guard let stream = environment("JOURNAL_STREAM"), fstat(descriptor, &status) == 0 else {
            return false
        }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }

    /// The addresses of this machine's interfaces, loopback left out: a forwarded port there may lead anywhere.
    package static func addresses() throws(NodeError) -> Set<IPAddress> {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { throw .system("look at", "this machine's addresses") }
        defer { freeifaddrs(first) }
        var found: Set<IPAddress> = []
        var next = first
        while let interface = next?.pointee {
            next = interface.ifa_next
            guard let address = interface.ifa_addr, interface.ifa_flags & UInt32(IFF_LOOPBACK) == 0
            else { continue }
            let family = Int32(address.pointee.sa_family)
            let size = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
            guard family == AF_INET || family == AF_INET6 else { continue }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            guard
                getnameinfo(
                    address, socklen_t(size), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
            else { continue }
            // A link-local address has its interface behind a percent sign.
            let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if let parsed = IPAddress.parse(String(name.prefix { $0 != "%" })) { found.insert(parsed) }
        }
        return found
    }
}
