// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Names of headers and of clients in the list flags.
enum LintHeaderRules {
    static let all = [
        LintRule(.blankValue) { context in
            LintContext.lists.filter { flag in
                (context.flags?.list(flag) ?? []).contains { $0.allSatisfy(\.isWhitespace) }
            }.map { LintHit(context.place($0), ["flag": $0]) }
        },
        LintRule(.badHeader) { context in
            names(context) { _, names in
                names.filter { !$0.allSatisfy(\.isWhitespace) && !SpecHeaders.isName($0) }
            }
        },
        LintRule(.duplicateValue) { context in
            LintContext.lists.compactMap { flag in
                // That it is given twice is said already.
                let isOnce = context.flags?.occurrences.count { $0.name == flag } == 1
                let values = context.flags?.list(flag) ?? []
                let folded = flag == LintContext.namesFlag ? values : values.map { $0.lowercased() }
                guard isOnce, Set(folded.bytes).count < folded.count else { return nil }
                let double = folded.enumerated().first { folded[..<$0.offset].containsBytes($0.element) }
                return LintHit(
                    context.place(flag),
                    ["flag": flag, "value": double.map { values[$0.offset] } ?? ""])
            }
        },
        LintRule(.standardHeaderMissing) { context in
            standards.compactMap { flag, standard in
                guard context.sets(flag), !has(standard, flag, context) else { return nil }
                return LintHit(
                    context.place(flag),
                    ["flag": flag, "standard": standard, "value": list(flag, context)])
            }
        },
        LintRule(.customHeader) { context in
            if let version = context.facts.version, version >= KubernetesVersion(major: 1, minor: 27) {
                return []
            }
            return names(context) { flag, names in
                guard let standard = standards.first(where: { $0.flag == flag })?.name,
                    has(standard, flag, context)
                else { return [] }
                return names.filter { $0.lowercased() != standard.lowercased() && SpecHeaders.isName($0) }
            }
        },
        LintRule(.nameNotAllowed) { context in
            let flag = LintContext.namesFlag
            guard let allowed = context.flags?.list(flag), !allowed.isEmpty, let leaf = context.leaf,
                !leaf.isCA || context.cas.isEmpty
            else { return [] }
            let name = leaf.commonName ?? ""
            guard !allowed.containsBytes(name) else { return [] }
            return [LintHit(context.place(flag), ["flag": flag, "name": name, "value": list(flag, context)])]
        },
    ]

    private static let standards: [(flag: String, name: String)] = [
        (LintContext.userFlag, "X-Remote-User"), (LintContext.groupFlag, "X-Remote-Group"),
        (LintContext.extraFlag, "X-Remote-Extra-"),
    ]

    private static func list(_ flag: String, _ context: LintContext) -> String {
        (context.flags?.list(flag) ?? []).joined(separator: ",")
    }

    private static func has(_ standard: String, _ flag: String, _ context: LintContext) -> Bool {
        (context.flags?.list(flag) ?? []).contains { $0.lowercased() == standard.lowercased() }
    }

    /// One hit for each flag that has names which `wrong` picks.
    private static func names(
        _ context: LintContext, _ wrong: (String, [String]) -> [String]
    ) -> [LintHit] {
        LintContext.lists.filter { $0 != LintContext.namesFlag }.compactMap { flag in
            let found = wrong(flag, context.flags?.list(flag) ?? [])
            guard !found.isEmpty else { return nil }
            return LintHit(context.place(flag), ["flag": flag, "value": found.joined(separator: ",")])
        }
    }
}
