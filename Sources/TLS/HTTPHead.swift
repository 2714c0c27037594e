// SPDX-License-Identifier: Apache-2.0

import Values

/// Status line and headers of a response (RFC 9112 sections 4 and 5).
struct HTTPHead {
    let status: Int
    /// Names in lower case.
    let headers: [HTTPResponse.Header]

    /// - Parameter bytes: up to and with the empty line.
    init(_ bytes: ArraySlice<UInt8>, _ attempt: Attempt) throws(APIServerError) {
        var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).map { $0.dropLast() }[...]
        guard let start = lines.popFirst(), let status = Self.status(in: start) else {
            throw attempt.error(
                .http, "the answer does not start with an HTTP/1 status line",
                hint: "the program that listens there is not kube-apiserver")
        }
        guard let headers = Self.headers(in: lines) else {
            throw attempt.error(.http, "a header of the answer is malformed")
        }
        self.status = status
        self.headers = headers
    }

    /// The header lines of a request or a response; nil where one is malformed.
    static func headers(in lines: ArraySlice<ArraySlice<UInt8>>) -> [HTTPResponse.Header]? {
        var headers: [HTTPResponse.Header] = []
        for line in lines where !line.isEmpty {
            guard let colon = line.firstIndex(of: 0x3a), colon > line.startIndex,
                line[..<colon].allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !line.contains(0x0d), !line.contains(0)
            else { return nil }
            let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
            let end = value.lastIndex { $0 != 0x20 && $0 != 0x09 }.map { $0 + 1 } ?? value.startIndex
            headers.append(
                HTTPResponse.Header(
                    name: String(decoding: line[..<colon], as: UTF8.self).lowercased(),
                    value: String(decoding: value[..<end], as: UTF8.self)))
        }
        return headers
    }

    /// `HTTP/1.1 200 OK`
    private static func status(in line: ArraySlice<UInt8>) -> Int? {
        let text = String(decoding: line, as: UTF8.self)
        let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0] == "HTTP/1.1" || parts[0] == "HTTP/1.0", parts[1].utf8.count == 3,
            let status = Int(parts[1]), (100...599).contains(status)
        else { return nil }
        return status
    }
}
