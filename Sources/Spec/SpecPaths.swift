// SPDX-License-Identifier: Apache-2.0

import Values

/// Paths on a node, which end up in unit files, and paths on the operator's machine, which do not.
enum SpecPaths {
    /// Longer paths are legal and always a mistake.
    private static let limit = 1024
    /// Directories that belong to the system: certificates get one of their own.
    private static let systemDirectories = [
        "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc",
        "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var",
    ]

    static func complaint(aboutNodeFile text: String) -> SpecComplaint? {
        let allowed = "._/@:+,=-".utf8
        func isAllowed(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || allowed.contains(byte)
        }
        if let complaint = complaint(aboutAbsolute: text) { return complaint }
        guard text.utf8.allSatisfy(isAllowed) else {
            return refused(
                text, "it has characters that need quotes in a unit file",
                hint: "use letters, digits and \"._/@:+,=-\"")
        }
        return nil
    }

    static func complaint(aboutNodeDirectory text: String) -> SpecComplaint? {
        if SpecText.isSame(text, "/") || systemDirectories.contains(text) {
            return refused(
                text, "it belongs to the system",
                hint: "give the certificates a directory of their own, such as /etc/kubernetes/ssl")
        }
        if let complaint = complaint(aboutNodeFile: text) { return complaint }
        for root in ["/proc/", "/sys/", "/dev/"] where text.utf8.starts(with: root.utf8) {
            return refused(text, "files below \(root) are lost at reboot")
        }
        return nil
    }

    /// Absolute: from another working directory a relative one would name another state.
    static func complaint(aboutOperatorDirectory text: String) -> SpecComplaint? {
        if SpecText.isSame(text, "/") || systemDirectories.contains(text) {
            return refused(text, "it belongs to the system", hint: "use a separate directory")
        }
        return complaint(aboutAbsolute: text)
    }

    static func complaint(aboutOperatorFile text: String) -> SpecComplaint? {
        if let complaint = complaint(aboutCharacters: text) { return complaint }
        switch text.utf8.first {
        case 0x2d: return refused(text, "it starts with '-', like an option", hint: "write ./ before it")
        case 0x7e: return refused(text, "'~' is not expanded", hint: "write the whole path")
        default: return nil
        }
    }

    static func complaint(aboutFileName text: String) -> SpecComplaint? {
        let bytes = Array(text.utf8)
        func isAllowed(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || "._+-".utf8.contains(byte)
        }
        func refuse(_ reason: Message, hint: Message? = nil) -> SpecComplaint {
            SpecComplaint(.path, "\(SpecText.quoted(text)) is not a file name: \(reason)", hint: hint)
        }
        if bytes.isEmpty { return refuse("it is empty") }
        if bytes.contains(0x2f) {
            return refuse("it has a slash", hint: "the directory is certificates.directory")
        }
        if bytes == [0x2e] || bytes == [0x2e, 0x2e] { return refuse("it is a directory") }
        if bytes.first == 0x2d { return refuse("it starts with '-'") }
        // Below the 255 of file systems, so that a temporary name beside it fits.
        if bytes.count > 200 { return refuse("it has more than 200 characters") }
        guard bytes.allSatisfy(isAllowed) else {
            return refuse(
                "it has characters that need quotes in a unit file",
                hint: "use letters, digits and \"._+-\"")
        }
        return nil
    }

    private static func complaint(aboutAbsolute text: String) -> SpecComplaint? {
        if let complaint = complaint(aboutCharacters: text) { return complaint }
        guard text.utf8.first == 0x2f else {
            return refused(text, "it is not absolute", hint: "write the whole path from /")
        }
        let parts = text.utf8.dropFirst().split(separator: 0x2f, omittingEmptySubsequences: false)
        let names = parts.map { String(decoding: Array($0), as: UTF8.self) }
        if names.contains("..") { return refused(text, "it has a \"..\"", hint: "write the path without it") }
        if names.contains("") || names.contains(".") {
            let clean = names.filter { $0 != "" && $0 != "." }.joined(separator: "/")
            return refused(
                text, "it has an empty part or a \".\"",
                hint: "write it as \(SpecText.quoted("/\(clean)"))")
        }
        if names.contains(where: { $0.utf8.count > 255 }) {
            return refused(text, "a part of it has more than 255 bytes")
        }
        return nil
    }

    private static func complaint(aboutCharacters text: String) -> SpecComplaint? {
        if text.isEmpty { return refused(text, "it is empty") }
        if text.utf8.count > limit { return refused(text, "it has more than \(limit) bytes") }
        if text.unicodeScalars.contains(where: SpecText.isUnprintable) {
            return refused(text, "it has control characters")
        }
        return nil
    }

    private static func refused(_ text: String, _ reason: Message, hint: Message? = nil) -> SpecComplaint {
        SpecComplaint(.path, "\(SpecText.quoted(text)) is not a usable path: \(reason)", hint: hint)
    }
}
