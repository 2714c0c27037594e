// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a server of ours answers.
package struct ServerReply: Sendable, Equatable {
    package var status: Int
    package var json: String

    package init(status: Int, json: String) {
        self.status = status
        self.json = json
    }

    /// One connection for each request: the next one shows what its client presents by then.
    var bytes: [UInt8] {
        let reason =
            switch status {
            case 200: "OK"
            case 404: "Not Found"
            case 431: "Request Header Fields Too Large"
            default: "Bad Request"
            }
        return Array(
            """
            HTTP/1.1 \(status) \(reason)\r
            Content-Type: application/json\r
            Content-Length: \(json.utf8.count)\r
            Connection: close\r
            \r
            \(json)
            """.utf8)
    }
}
