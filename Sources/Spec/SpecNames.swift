// SPDX-License-Identifier: Apache-2.0

import Values

extension ClusterSpec {
    /// Why `text` cannot be a cluster's name; nil where it can.
    package static func complaint(aboutClusterName text: String) -> Message? {
        SpecNames.complaint(aboutCluster: text)?.message
    }
}

/// Names of clusters, nodes, units, variables and users.
enum SpecNames {
    /// systemd allows 255, but the directory `<unit>.d` must be a file name too.
    static let unitLimit = 253

    static func complaint(aboutCluster text: String) -> SpecComplaint? {
        let bytes = Array(text.utf8)
        let edge: (UInt8) -> Bool = { isLower($0) || isDigit($0) }
        guard let first = bytes.first, let last = bytes.last, edge(first), edge(last),
            bytes.allSatisfy({ edge($0) || $0 == 0x2d || $0 == 0x2e })
        else {
            return SpecComplaint(
                .name, "\(SpecText.quoted(text)) is not a cluster name",
                hint: "use lower-case letters, digits, '-' and '.', with a letter or digit at both ends")
        }
        guard bytes.count <= 63 else {
            return SpecComplaint(
                .name, "the cluster name has \(bytes.count) characters; at most 63 are allowed")
        }
        return nil
    }

    static func complaint(aboutNode text: String) -> SpecComplaint? {
        guard let defect = DNSName.labelDefect(in: text) else { return nil }
        let hint: Message? = defect == .upperCase ? "write it as \(SpecText.quoted(text.lowercased()))" : nil
        return SpecComplaint(
            .name, "\(SpecText.quoted(text)) is not a node name: \(defect.reason)",
            hint: hint ?? "use lower-case letters, digits, '-' and '.', as in a host name")
    }

    static func complaint(aboutUnit text: String) -> SpecComplaint? {
        func refuse(_ reason: Message, hint: Message? = nil) -> SpecComplaint {
            SpecComplaint(.unit, "\(SpecText.quoted(text)) is not a service unit: \(reason)", hint: hint)
        }
        let suffix = Array(".service".utf8)
        let bytes = Array(text.utf8)
        let isAllowed: (UInt8) -> Bool = {
            isLower($0) || isUpper($0) || isDigit($0) || ":-_.\\@".utf8.contains($0)
        }
        if bytes.contains(0x2f) {
            return refuse("it has a slash", hint: "write the unit's name, not its path")
        }
        guard bytes.allSatisfy(isAllowed) else {
            return refuse("it has characters other than letters, digits and \":-_.\\@\"")
        }
        guard bytes.count > suffix.count, bytes.suffix(suffix.count).elementsEqual(suffix) else {
            let whole: Message? =
                bytes.contains(0x2e) || bytes.isEmpty ? nil : "write it as \"\(text).service\""
            return refuse("it does not end with .service", hint: whole)
        }
        guard bytes.count <= unitLimit else { return refuse("it has more than \(unitLimit) characters") }
        let stem = bytes.dropLast(suffix.count)
        if stem.first == 0x40 { return refuse("it has nothing before the '@'") }
        if let at = stem.firstIndex(of: 0x40), at == stem.endIndex - 1 {
            return refuse(
                "it is a template without an instance", hint: "name the instance after the '@'")
        }
        return nil
    }

    static func complaint(aboutVariable text: String) -> SpecComplaint? {
        let bytes = Array(text.utf8)
        let isStart: (UInt8) -> Bool = { isLower($0) || isUpper($0) || $0 == 0x5f }
        guard let first = bytes.first, isStart(first), bytes.count <= 255,
            bytes.allSatisfy({ isStart($0) || isDigit($0) })
        else {
            return SpecComplaint(
                .variable, "\(SpecText.quoted(text)) is not the name of an environment variable",
                hint: "write the name alone, as in KUBE_API_ARGS: letters, digits and '_'")
        }
        return nil
    }

    static func complaint(aboutUser text: String) -> SpecComplaint? {
        let bytes = Array(text.utf8)
        let isPlain: (UInt8) -> Bool = {
            isLower($0) || isUpper($0) || isDigit($0) || $0 == 0x2e || $0 == 0x5f
        }
        guard let first = bytes.first, isPlain(first), bytes.count <= 256,
            bytes.allSatisfy({ isPlain($0) || "@+-".utf8.contains($0) })
        else {
            return SpecComplaint(
                .ssh, "\(SpecText.quoted(text)) is not a login name",
                hint: "use letters, digits and \"._@+-\"; it must not start with '-'")
        }
        return nil
    }

    private static func isLower(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) }
    private static func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5a).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
