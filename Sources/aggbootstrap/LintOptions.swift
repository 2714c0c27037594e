// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LocalFiles
import Operations
import Spec
import Values

/// Files that are judged without a spec.
struct LintOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Judge files with no spec, no network and no passphrase, and nothing else.",
            discussion:
                "Trees of nodes, directories of such trees (as init --root writes them), tar archives of either, or files: units, "
                + "drop-ins, environment files, certificates and keys.", valueName: "path"),
        completion: .file())
    var offline: [String] = []

    @Option(
        help: ArgumentHelp(
            "With --offline: the version that kube-apiserver has, or is about to have, such as 1.33.",
            valueName: "version"), transform: LintOptions.version)
    var kubernetesVersion: KubernetesVersion?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --offline: warn of certificates that end within this time.", discussion: "Default: 30d.",
            valueName: "time"), transform: OptionValue.renewBefore)
    var warnBefore: RenewBefore?

    @Flag(help: "With --offline: fail with status 4 also if there are only warnings.")
    var strict = false

    private static let warnSeconds: Int64 = 30 * 86400

    var isGiven: Bool { !offline.isEmpty }

    /// Those given that mean nothing without --offline.
    var strays: [String] {
        guard !isGiven else { return [] }
        return [
            ("--kubernetes-version", kubernetesVersion != nil), ("--warn-before", warnBefore != nil),
            ("--strict", strict),
        ].filter(\.1).map(\.0)
    }

    private static func version(_ text: String) throws -> KubernetesVersion {
        // As kubectl prints it: v1.33.2, v1.33.2+k3s1.
        let parts = text.drop { $0 == "v" }.split(
            separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        let hasPatch = parts.count == 3 && parts[2].utf8.first.map { (0x30...0x39).contains($0) } == true
        guard
            let version = KubernetesVersion(
                hasPatch ? "\(parts[0]).\(parts[1])" : parts.joined(separator: "."))
        else {
            throw OptionValueError("write a version such as 1.33")
        }
        return version
    }

    func judge() async throws -> LintResult {
        try await LintRun.judge(
            LintRequest(
                paths: offline, version: kubernetesVersion,
                warnSeconds: warnBefore?.seconds ?? Self.warnSeconds, now: LocalHost.now(),
                threads: LocalHost.processors))
    }
}
