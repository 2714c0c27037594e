// SPDX-License-Identifier: Apache-2.0

import Spec

/// One HTTP response, complete.
package struct HTTPResponse: Sendable, Equatable {
    package let status: Int
    /// Names in lower case, in the server's order.
    package let headers: [Header]
    package let body: [UInt8]

    package struct Header: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    /// The first value of a header; `name` in lower case.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The body as JSON; nil where it is none.
    package var json: LocatedJSON? { try? LocatedJSON.parse(body, limits: .answers) }

    /// The start of the body on one line, for a message to a person.
    package var excerpt: String {
        let text = String(decoding: body.prefix(300), as: UTF8.self)
        let printable = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : String($0) }
            .joined()
        return printable.isEmpty ? "(empty)" : body.count > 300 ? printable + "..." : printable
    }
}
