// SPDX-License-Identifier: Apache-2.0

/// One HTTP/1.1 request that a server of ours got, without its body.
package struct ReceivedRequest: Sendable, Equatable {
    package let method: String
    /// From the first slash on, without the query, as it was sent.
    package let path: String
    /// What stands behind the question mark; empty where there is none.
    package let query: String
    /// Names in lower case, in the client's order.
    package let headers: [HTTPResponse.Header]
    /// DER of the certificates that the client presented, its own first; empty where it presented none. That it has the
    /// key is proved; nothing else is.
    package var presented: [[UInt8]] = []

    /// All values of a header; `name` in lower case.
    package func values(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }

    /// - Parameter bytes: up to and with the empty line.
    /// - Returns: nil where it is no request of RFC 9112.
    init?(_ bytes: ArraySlice<UInt8>) {
        // Every line, the empty last one included, ends with a carriage return; the piece behind the last line feed is empty.
        var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).dropLast()
        guard lines.allSatisfy({ $0.last == 0x0d }) else { return nil }
        lines = ArraySlice(lines.map { $0.dropLast() })
        guard let start = lines.popFirst(), let headers = HTTPHead.headers(in: lines) else { return nil }
        let words = start.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3, !words[0].isEmpty, words[0].allSatisfy({ (0x41...0x5a).contains($0) }),
            words[1].first == 0x2f, words[1].allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
            words[2].elementsEqual("HTTP/1.1".utf8) || words[2].elementsEqual("HTTP/1.0".utf8)
        else { return nil }
        let target = words[1].split(separator: 0x3f, maxSplits: 1, omittingEmptySubsequences: false)
        method = String(decoding: words[0], as: UTF8.self)
        path = String(decoding: target[0], as: UTF8.self)
        query = target.count > 1 ? String(decoding: target[1], as: UTF8.self) : ""
        self.headers = headers
    }
}
