// SPDX-License-Identifier: Apache-2.0

import Values

extension SubjectAlternativeName {
    /// The name that `text` stands for; nil where it is no canonical IP address or DNS name.
    package init?(_ text: String) {
        if let address = IPAddress(text) {
            self = .ip(address)
        } else if let name = DNSName(text) {
            self = .dns(name)
        } else {
            return nil
        }
    }
}

/// Subject alternative names and addresses of nodes.
enum SpecHosts {
    static func complaint(aboutHost text: String) -> SpecComplaint? {
        if let address = IPAddress.parse(text) { return complaint(about: address, writtenAs: text) }
        if SubjectAlternativeName(text) != nil { return nil }
        return refused(text)
    }

    static func complaint(aboutAddress text: String) -> SpecComplaint? {
        if let complaint = complaint(aboutHost: text) { return complaint }
        if IPAddress(text)?.isUnspecified == true {
            return SpecComplaint(
                .host, "\(SpecText.quoted(text)) means every address, not this node's",
                hint: "write the address under which the node is reached")
        }
        return nil
    }

    private static func complaint(about address: IPAddress, writtenAs text: String) -> SpecComplaint? {
        let canonical = address.mappedIPv4 ?? address
        guard !SpecText.isSame(canonical.description, text) else { return nil }
        return SpecComplaint(
            .host, "the IP address \(SpecText.quoted(text)) is not in its canonical form",
            hint: "write it as \"\(canonical)\"")
    }

    private static func refused(_ text: String) -> SpecComplaint {
        let bytes = Array(text.utf8)
        func not(_ kind: Message, _ reason: Message, _ hint: Message?) -> SpecComplaint {
            SpecComplaint(.host, "\(SpecText.quoted(text)) is not \(kind): \(reason)", hint: hint)
        }
        let looksLikeIPv4 = !bytes.isEmpty && bytes.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2e }
        if looksLikeIPv4 {
            return not(
                "an IP address", "it is not four numbers up to 255 without leading zeros",
                "an IPv4 address looks like \"192.0.2.10\"")
        }
        if bytes.filter({ $0 == 0x3a }).count > 1 {
            let reason: Message =
                bytes.contains(0x25)
                ? "it has a zone"
                : bytes.contains(0x5b) ? "it has brackets" : "it is not an IPv6 address of RFC 4291"
            return not("an IP address", reason, "an IPv6 address looks like \"2001:db8::10\"")
        }
        guard let defect = DNSName.defect(in: text) else {
            return SpecComplaint(.host, "\(SpecText.quoted(text)) is not a host")
        }
        return not("a DNS name or IP address", defect.reason, defect.hint(for: text))
    }
}
