// SPDX-License-Identifier: Apache-2.0

/// Judges a set-up by what was read of it: no spec, no clock, no file.
package enum Lint {
    static let rules =
        LintUnitRules.all + LintFlagRules.all + LintHeaderRules.all + LintVersionRules.all + LintCARules.all
        + LintCertificateRules.all + LintFileRules.all + LintNodeRules.all

    /// - Returns: what is wrong, file by file, the errors of each first.
    package static func judge(_ facts: LintFacts) -> [Finding] {
        let context = LintContext(facts)
        var findings: [Finding] = []
        for rule in rules {
            for hit in rule.hits(context) {
                let finding = Finding(
                    rule.code, node: facts.node, file: hit.path.map(facts.display), line: hit.line,
                    details: hit.details, isInPod: facts.unit?.pod != nil)
                if !findings.contains(finding) { findings.append(finding) }
            }
        }
        return findings.sorted { order($0) < order($1) }
    }

    /// What cannot be judged, because files are not in the set-up; empty for single files, which are a part of one.
    package static func gaps(_ facts: LintFacts) -> [LintGap] {
        guard facts.isWhole else { return [] }
        let context = LintContext(facts)
        if LintUnitRules.isCertificatesAlone(context) { return [.flags] }
        guard let file = LintFileRules.clientCA(context), file.content == .absent,
            !facts.hasOtherFiles, LintNodeRules.seesFiles(context)
        else { return [] }
        return [.clientCA(file.path)]
    }

    private static func order(_ finding: Finding) -> (String, Int, Int, String) {
        (
            finding.file ?? "", finding.severity == .error ? 0 : 1, finding.line ?? 0, finding.code.rawValue
        )
    }
}
