// SPDX-License-Identifier: Apache-2.0

import Values

/// A control plane as `--node` names it, for a spec that is about to be written.
package struct NewNode: Sendable, Equatable {
    package let name: String
    /// nil for the machine that the program runs on.
    package let address: String?
    /// The user for ssh; nil for the one of the operator's ssh_config.
    package let user: String?

    package init(name: String, address: String? = nil, user: String? = nil) {
        self.name = name
        self.address = address
        self.user = user
    }

    /// Reads `NAME`, `NAME=ADDRESS` or `NAME=USER@ADDRESS`; whether they are valid is seen when the spec is read.
    package init(option text: String) {
        let bytes = text.utf8
        guard let sign = bytes.firstIndex(of: UInt8(ascii: "=")) else {
            self.init(name: text)
            return
        }
        let reach = bytes[bytes.index(after: sign)...]
        let at = reach.lastIndex(of: UInt8(ascii: "@"))
        self.init(
            name: String(text[..<sign]),
            address: String(Substring(at.map { reach[reach.index(after: $0)...] } ?? reach)),
            user: at.map { String(Substring(reach[..<$0])) })
    }

    /// One line of JSON. A user other than root uses sudo.
    var json: String {
        let json = SpecDocument.json
        guard let address else { return "{ \"name\": \(json(name)), \"local\": true }" }
        let sudo = user == "root" ? "" : ", \"sudo\": true"
        let ssh = user.map { ", \"ssh\": { \"user\": \(json($0))\(sudo) }" } ?? ""
        return "{ \"name\": \(json(name)), \"address\": \(json(address))\(ssh) }"
    }
}
