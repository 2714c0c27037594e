// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Flags that a stated version of kube-apiserver does not know, or does not start without.
enum LintVersionRules {
    static let all = [
        LintRule(.unknownFlag) { context in
            guard let version = context.facts.version, let unit = context.unit else { return [] }
            return unit.flags.occurrences.compactMap { flag in
                guard let known = lifetimes[flag.name], !known.contains(version) else { return nil }
                return LintHit(
                    unit.place(flag),
                    ["flag": "\(flag.name)", "version": "\(version)", "known": known.message])
            }
        },
        LintRule(.featureGate) { context in
            let flag = LintContext.uidFlag
            guard let version = context.facts.version, let flags = context.flags, flags.has(flag),
                version >= minor(32)
            else { return [] }
            let gates = (flags.list("feature-gates") ?? []).filter { $0.hasPrefix(uidGate + "=") }
            let isOn = gates.last.map { $0.lowercased().hasSuffix("=true") } ?? (version >= minor(33))
            guard !isOn else { return [] }
            return [
                LintHit(context.place(flag), ["flag": flag, "version": "\(version)", "gate": uidGate])
            ]
        },
        LintRule(.missingRequiredFlag) { context in
            guard let version = context.facts.version, version >= minor(20), context.knowsFlags,
                context.unit?.hasCommand == true, let flags = context.flags
            else { return [] }
            return required.filter { !flags.has($0) }.map {
                LintHit(context.commandPlace, ["flag": $0, "version": "\(version)"])
            }
        },
    ]

    /// From the first version that has a flag on, up to the one that has it no more.
    private struct Lifetime: MessageConvertible {
        var first: KubernetesVersion?
        var removed: KubernetesVersion?

        func contains(_ version: KubernetesVersion) -> Bool {
            first.map { version >= $0 } ?? true && removed.map { version < $0 } ?? true
        }

        var message: Message {
            first.map { "it exists from \($0) on" } ?? removed.map { "it was removed in \($0)" } ?? ""
        }
    }

    private static let lifetimes: [String: Lifetime] = [
        LintContext.uidFlag: .init(first: minor(32)),
        "aggregator-reject-forwarding-redirect": .init(first: minor(22)),
        "basic-auth-file": .init(removed: minor(19)),
        "insecure-bind-address": .init(removed: minor(24)),
        "insecure-port": .init(removed: minor(24)),
    ]

    private static let uidGate = "RemoteRequestHeaderUID"
    /// kube-apiserver does not start without them from 1.20 on.
    private static let required = ["service-account-issuer", "service-account-signing-key-file"]

    private static func minor(_ number: Int) -> KubernetesVersion {
        KubernetesVersion(major: 1, minor: number)
    }
}
