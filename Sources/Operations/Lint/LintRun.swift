// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import LocalFiles
import NodeAccess
import Planning
import Values

/// Judges files with no spec, no network and no passphrase; changes nothing.
package enum LintRun {
    /// How many trees one thread takes at a time.
    private static let portion = 16

    /// - Throws: `usage/no-such-path`, `usage/nothing-to-judge`, or why an archive cannot be read; what is wrong with a
    ///   set-up is a part of the result.
    package static func judge(_ request: LintRequest) async throws -> LintResult {
        let targets = try await LintTargets(request.paths).targets
        let cache = LintCache()
        let isOne = targets.count == 1
        let portions = stride(from: 0, to: targets.count, by: portion).map {
            Array(targets[$0..<min($0 + portion, targets.count)])
        }
        let results = await concurrently(portions, atMost: max(1, request.threads)) { targets in
            targets.map { judge($0, isOne: isOne, cache, request) }
        }
        var result = LintResult()
        for found in results {
            for (findings, files) in try found.get() {
                result.findings += findings
                result.files += files
                result.setUps += 1
            }
        }
        return result
    }

    private static func judge(
        _ target: LintTargets.Target, isOne: Bool, _ cache: LintCache, _ request: LintRequest
    ) -> (findings: [Finding], files: Int) {
        let (node, name, isWhole) = reading(target)
        let reader = SetUpReader(node: node, isWhole: isWhole, cache: cache, request: request)
        let facts = reader.facts(isOne ? nil : name)
        let files = [facts.ca, facts.certificate, facts.key].count { $0.content != .absent }
        let ofUnit = (facts.unit?.sources.count ?? 0) + (facts.unit?.environmentFiles.count ?? 0)
        return (Lint.judge(facts), files + ofUnit)
    }

    private static func reading(
        _ target: LintTargets.Target
    ) -> (node: any NodeReading, name: String?, isWhole: Bool) {
        switch target {
        case .tree(let path, let node):
            (TreeReading(LocalTransport(root: NodeRoot(prefix: path))), node, true)
        case .archived(let archive, let name, let root, let node):
            (ArchiveReading(archive: archive, name: name, root: root), node, true)
        case .loose(let paths): (LooseFiles(paths), nil, false)
        }
    }
}
