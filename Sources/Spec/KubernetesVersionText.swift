// SPDX-License-Identifier: Apache-2.0

import Values

extension KubernetesVersion {
    /// The first version with which the aggregation layer is supported here.
    package static let oldestSupported = KubernetesVersion(major: 1, minor: 10)
    /// The first kube-apiserver that takes changed certificate files without a restart.
    package static let rereadsCertificates = KubernetesVersion(major: 1, minor: 20)

    /// Reads `1.20`.
    ///
    /// - Returns: nil for another form (`v1.20.2`, `1.020`) and for versions before `oldestSupported`.
    package init?(_ text: String) {
        guard let version = Self.read(text), version >= Self.oldestSupported else { return nil }
        self = version
    }

    static func complaint(about text: String) -> SpecComplaint? {
        if let version = read(text) {
            if version >= oldestSupported { return nil }
            return SpecComplaint(
                .version,
                "Kubernetes \(version) is older than \(oldestSupported), the oldest that is supported")
        }
        // `v1.20.2+k3s1`: what people copy from a version command.
        let core = text.utf8.first == 0x76 ? String(text.dropFirst()) : text
        let parts = core.split(separator: ".", maxSplits: 2)
        let minor = parts.count >= 2 ? parts[0] + "." + parts[1] : ""
        let hint: Message? = read(String(minor)).map { "write \"\($0)\"" }
        return SpecComplaint(
            .version, "\(SpecText.quoted(text)) is not a Kubernetes minor version",
            hint: hint ?? "write it like \"1.20\"")
    }

    private static func read(_ text: String) -> KubernetesVersion? {
        let parts = Array(text.utf8).split(separator: 0x2e, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == [0x31], (1...3).contains(parts[1].count),
            parts[1].allSatisfy({ (0x30...0x39).contains($0) }),
            parts[1].count == 1 || parts[1].first != 0x30,
            let minor = Int(String(decoding: parts[1], as: UTF8.self))
        else { return nil }
        return KubernetesVersion(major: 1, minor: minor)
    }
}
