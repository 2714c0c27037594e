// SPDX-License-Identifier: Apache-2.0

import SystemdUnits
import Values

/// Whether the flags of the aggregation layer are all there, each once, and say something.
enum LintFlagRules {
    static let all = [
        LintRule(.aggregationOff) { context in
            guard context.knowsFlags, context.unit?.hasCommand == true, context.given.isEmpty,
                context.overridden.isEmpty, context.unused.isEmpty
            else { return [] }
            return [LintHit(context.commandPlace)]
        },
        LintRule(.noRequestheaderCA) { context in
            guard context.lacks(LintContext.caFlag), !context.given.isEmpty else { return [] }
            return [LintHit(context.commandPlace, ["flag": LintContext.caFlag])]
        },
        LintRule(.noUsernameHeaders) { missing($0, LintContext.userFlag) },
        LintRule(.noGroupHeaders) { missing($0, LintContext.groupFlag) },
        LintRule(.noExtraHeaders) { missing($0, LintContext.extraFlag) },
        LintRule(.anyName) { context in
            let flag = LintContext.namesFlag
            guard context.sets(LintContext.caFlag) else { return [] }
            if context.lacks(flag) { return [LintHit(context.commandPlace, ["flag": flag])] }
            return context.flags?.list(flag) == [] ? [LintHit(context.place(flag), ["flag": flag])] : []
        },
        LintRule(.noProxyClient) { context in
            guard context.lacks(LintContext.certificateFlag), context.lacks(LintContext.keyFlag) else {
                return []
            }
            return missing(context, LintContext.certificateFlag)
        },
        LintRule(.halfPair) { context in
            let (certificate, key) = (LintContext.certificateFlag, LintContext.keyFlag)
            for (one, other) in [(certificate, key), (key, certificate)]
            where context.sets(one) && context.lacks(other) {
                return [LintHit(context.place(one), ["flag": other, "given": one])]
            }
            return []
        },
        LintRule(.emptyFlag) { context in
            let all = LintContext.files + LintContext.lists.filter { $0 != LintContext.namesFlag }
            return all.filter { isEmpty($0, context) }.map { LintHit(context.place($0), ["flag": $0]) }
        },
        LintRule(.doubledFlag) { context in
            (LintContext.files + [APIServerFlags.routingName]).compactMap { doubled($0, context) }
        },
        LintRule(.splitList) { context in
            LintContext.lists.compactMap { flag in
                guard var hit = doubled(flag, context) else { return nil }
                hit.details["together"] = Message(
                    verbatim: (context.flags?.list(flag) ?? []).joined(separator: ","))
                return hit
            }
        },
        LintRule(.badList) { context in
            guard let flags = context.flags else { return [] }
            return LintContext.lists.filter { flags.has($0) && flags.list($0) == nil }.map { flag in
                LintHit(context.place(flag), ["flag": flag, "value": flags.string(flag) ?? ""])
            }
        },
        LintRule(.badValue) { context in
            let flag = APIServerFlags.routingName
            guard let flags = context.flags, flags.has(flag), flags.bool(flag) == nil else { return [] }
            return [LintHit(context.place(flag), ["flag": flag, "value": flags.string(flag) ?? ""])]
        },
        LintRule(.redirectsFollowed) { context in
            let flag = "aggregator-reject-forwarding-redirect"
            return context.flags?.bool(flag) == false ? [LintHit(context.place(flag), ["flag": flag])] : []
        },
        LintRule(.flagsTerminator) { context in
            context.flags?.terminator == nil ? [] : [LintHit(context.commandPlace)]
        },
    ]

    private static func missing(_ context: LintContext, _ flag: String) -> [LintHit] {
        guard context.sets(LintContext.caFlag), context.lacks(flag) else { return [] }
        return [LintHit(context.commandPlace, ["flag": flag])]
    }

    private static func isEmpty(_ flag: String, _ context: LintContext) -> Bool {
        guard let flags = context.flags, flags.has(flag) else { return false }
        if LintContext.lists.contains(flag) { return flags.list(flag) == [] }
        return !context.sets(flag)
    }

    private static func doubled(_ flag: String, _ context: LintContext) -> LintHit? {
        guard let unit = context.unit else { return nil }
        let found = unit.flags.occurrences.filter { $0.name == flag }
        guard let first = found.first, let last = found.last, found.count > 1 else { return nil }
        var details = ["flag": flag, "value": last.value ?? "", "first": first.value ?? ""]
        if let place = unit.place(first) {
            let line = place.line.map { ":\($0)" } ?? ""
            details["at"] = context.facts.display(place.path) + line
        }
        return LintHit(unit.place(last), details)
    }
}
