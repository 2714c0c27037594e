// SPDX-License-Identifier: Apache-2.0

import SystemdUnits
import Values

/// Whether the files are there, who may read and change them, and how they are written.
enum LintFileRules {
    static let all = [
        LintRule(.missingFile) { context in
            guard context.facts.isWhole, LintNodeRules.seesFiles(context) else { return [] }
            let files =
                named(context)
                + [clientCA(context)].compactMap { $0 }.filter { _ in context.facts.hasOtherFiles }
                .map { (LintContext.clientCAFlag, $0) }
            return files.filter { $0.file.content == .absent && !$0.file.path.isEmpty }.map {
                LintHit($0.file.path, ["flag": $0.flag])
            }
        },
        LintRule(.unreadable) { context in
            (named(context).map(\.file) + [context.facts.clientCA].compactMap { $0 }).compactMap { file in
                guard case .unreadable(let cause) = file.content else { return nil }
                return LintHit(file.path, ["cause": cause])
            }
        },
        LintRule(.byteOrderMark) { context in
            let texts = (context.unit?.environmentFiles ?? [:]).filter { $0.value.hasPrefix("\u{FEFF}") }
            return named(context).map(\.file).filter(\.hasMark).map { LintHit($0.path) }
                + texts.keys.sorted().map { LintHit($0, line: 1) }
        },
        LintRule(.carriageReturn) { context in
            guard let unit = context.unit else { return [] }
            let texts =
                unit.sources.map { ($0.path, $0.text) }
                + unit.environmentFiles.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
            return texts.compactMap { path, text in
                guard let index = text.utf8.firstIndex(of: 0x0D) else { return nil }
                return LintHit(path, line: text.utf8[..<index].count { $0 == 0x0A } + 1)
            }
        },
        LintRule(.keyReadable) { context in
            mode(context, [context.facts.key].filter { $0.kind == .regular }) { $0 & 0o007 != 0 }
        },
        LintRule(.keyGroupReadable) { context in
            mode(context, [context.facts.key].filter { $0.kind == .regular }) {
                $0 & 0o007 == 0 && $0 & 0o070 != 0
            }
        },
        LintRule(.caKeyReadable) { context in
            mode(context, context.facts.caKeys.filter { $0.publicKeySHA256 != nil }) { $0 & 0o077 != 0 }
        },
        LintRule(.otherCAKey) { context in
            let known = Set(context.facts.ca.certificates.map(\.publicKeySHA256))
            guard !known.isEmpty else { return [] }
            return context.facts.caKeys.filter { file in
                file.publicKeySHA256.map { !known.contains($0) } == true
            }
            .map { LintHit($0.path, ["ca": context.facts.ca.path]) }
        },
        LintRule(.writable) { context in
            let files = [context.facts.ca, context.facts.certificate] + context.facts.others
            return mode(context, files.filter { $0.kind == .regular }) { $0 & 0o002 != 0 }
        },
        LintRule(.directoryWritable) { context in
            mode(context, context.facts.directories.filter { $0.kind == .directory }) { $0 & 0o002 != 0 }
        },
        LintRule(.owner) { context in
            guard let owners = context.facts.trustedOwners else { return [] }
            let files = named(context).map(\.file) + context.facts.others + context.facts.directories
            return files.filter { $0.isThere && !owners.contains($0.userID) }.map {
                LintHit($0.path, ["owner": "\($0.userID)"])
            }
        },
        LintRule(.symbolicLink) { context in
            guard context.facts.isWhole else { return [] }
            let own = Set(named(context).map { $0.file.path.splitPath.directory })
            let files =
                named(context).map(\.file) + context.facts.directories.filter { own.contains($0.path) }
            return files.filter { $0.kind == .symbolicLink }.map { LintHit($0.path) }
        },
    ]

    /// The three files that flags name.
    static func named(_ context: LintContext) -> [(flag: String, file: LintFile)] {
        let facts = context.facts
        return [
            (LintContext.caFlag, facts.ca), (LintContext.certificateFlag, facts.certificate),
            (LintContext.keyFlag, facts.key),
        ].filter { $0.1.isThere || !$0.1.path.isEmpty }
    }

    /// The file that --client-ca-file names; nil where no unit or pod names one.
    static func clientCA(_ context: LintContext) -> LintFile? {
        context.unit == nil ? nil : context.facts.clientCA
    }

    /// What lies about outside a tree has other modes than on a node.
    private static func mode(
        _ context: LintContext, _ files: [LintFile], _ isWrong: (UInt32) -> Bool
    ) -> [LintHit] {
        guard context.facts.isWhole else { return [] }
        return files.filter { $0.isThere && $0.kind != .symbolicLink && isWrong($0.mode) }.map {
            LintHit($0.path, ["mode": "0" + String($0.mode, radix: 8)])
        }
    }
}
