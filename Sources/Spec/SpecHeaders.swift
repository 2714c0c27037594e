// SPDX-License-Identifier: Apache-2.0

import Values

/// Names of the headers that carry the user.
package enum SpecHeaders {
    /// Whether it is a token of RFC 9110.
    package static func isName(_ text: String) -> Bool {
        func isToken(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
        return !text.isEmpty && text.utf8.count <= 128 && text.utf8.allSatisfy(isToken)
    }

    static func complaint(about text: String) -> SpecComplaint? {
        guard isName(text) else {
            return SpecComplaint(
                .header, "\(SpecText.quoted(text)) is not the name of an HTTP header",
                hint: "use letters, digits and '-', without a colon")
        }
        return nil
    }

    /// Refuses another header than the standard one, since clients could set it themselves where an API
    /// server older than 1.27 does not remove it from their requests.
    static func complaint(about text: String, unlike standard: String) -> SpecComplaint? {
        guard text.lowercased() != standard.lowercased() else { return nil }
        return SpecComplaint(
            .customHeader,
            "\(SpecText.quoted(text)) is not the standard header \(standard); before Kubernetes 1.27 clients"
                + " could forge it",
            hint: "write \"\(standard)\", or set requestHeader.allowCustomHeaders")
    }
}
