// SPDX-License-Identifier: Apache-2.0

import Values

/// Base arguments of kube-apiserver.
enum SpecFlags {
    /// What aggregation needs: these are derived from the spec, and given in one place only.
    private static let aggregationFlags = [
        "proxy-client-cert-file", "proxy-client-key-file", "enable-aggregator-routing",
    ]
    private static let aggregationPrefix = "requestheader-"

    static func complaint(about text: String) -> SpecComplaint? {
        if text.isEmpty { return SpecComplaint(.flag, "an empty argument") }
        if text.utf8.count > 4096 { return SpecComplaint(.flag, "an argument of more than 4096 bytes") }
        if text.unicodeScalars.contains(where: SpecText.isUnprintable) {
            return SpecComplaint(.flag, "\(SpecText.quoted(text)) has characters that cannot be printed")
        }
        guard text.utf8.starts(with: "--".utf8) else { return nil }
        let name = text.utf8.dropFirst(2).prefix { $0 != 0x3d }
        if name.contains(0x20) {
            let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            return SpecComplaint(
                .flag, "\(SpecText.quoted(text)) is two arguments in one",
                hint: "write \(SpecText.quoted(parts.joined(separator: "=")))")
        }
        return complaint(aboutName: String(decoding: Array(name), as: UTF8.self))
    }

    /// Of a program on the operator's machine: a script in one argument has lines.
    static func complaint(aboutArgument text: String) -> SpecComplaint? {
        if text.utf8.count > 32_768 {
            return SpecComplaint(.flag, "an argument of more than 32768 bytes", hint: "put it into a script")
        }
        guard text.utf8.contains(0) else { return nil }
        return SpecComplaint(
            .flag, "\(SpecText.quoted(text)) has a NUL character, which no argument can hold")
    }

    /// kube-apiserver reads `_` in a flag's name as `-`.
    private static func complaint(aboutName name: String) -> SpecComplaint? {
        let spelled = String(String.UnicodeScalarView(name.unicodeScalars.map { $0 == "_" ? "-" : $0 }))
        guard aggregationFlags.contains(spelled) || spelled.utf8.starts(with: aggregationPrefix.utf8) else {
            return nil
        }
        let hint: Message =
            spelled == "enable-aggregator-routing"
            ? "remove it, and set apiServer.aggregatorRouting" : "remove it: it is derived from this spec"
        return SpecComplaint(
            .aggregationFlag, "the aggregation flag --\(name) among the base flags", hint: hint)
    }
}
