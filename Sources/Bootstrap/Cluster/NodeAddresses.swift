// SPDX-License-Identifier: Apache-2.0

import ClusterPlan
import NodeAccess

/// The addresses that a node itself has, as its kernel lists them: what a DNS name, a translated address or an address of
/// the default route stands for.
enum NodeAddresses {
    /// Canonical; those of IPv6 from `/proc/net/if_inet6`, those of IPv4 from `/proc/net/fib_trie`. Empty for what the node
    /// does not show.
    static func read(on node: any NodeTransport) throws(NodeError) -> Set<String> {
        func text(_ path: String) throws(NodeError) -> String {
            String(decoding: try node.read(path, limit: 16 << 20) ?? [], as: UTF8.self)
        }
        return ipv4(in: try text("/proc/net/fib_trie")).union(ipv6(in: try text("/proc/net/if_inet6")))
    }

    /// The leaves of the routing trie that are the machine's own: an address, and `/32 host LOCAL` behind it.
    static func ipv4(in trie: String) -> Set<String> {
        var addresses: Set<String> = []
        var leaf = Substring()
        for line in trie.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "|--", words.count == 2 {
                leaf = words[1]
            } else if words == ["/32", "host", "LOCAL"] {
                addresses.insert(String(leaf))
            }
        }
        return addresses
    }

    /// 32 hex digits at the beginning of each line.
    static func ipv6(in table: String) -> Set<String> {
        Set(
            table.split(separator: "\n").compactMap { line -> String? in
                let digits = line.prefix(32)
                guard digits.utf8.count == 32 else { return nil }
                var groups: [Substring] = []
                var rest = digits
                while !rest.isEmpty {
                    groups.append(rest.prefix(4))
                    rest = rest.dropFirst(4)
                }
                return IPAddress.parse(groups.joined(separator: ":"))?.description
            })
    }

    /// An address in its canonical form; any other text as it is.
    static func canonical(_ text: String) -> String { IPAddress.parse(text)?.description ?? text }
}
