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
        let named = try await LintTargets(request.paths)
        let targets = named.targets
        let cache = LintCache()
        let isOne = targets.count == 1
        let portions = stride(from: 0, to: targets.count, by: portion).map {
            Array(targets[$0..<min($0 + portion, targets.count)])
        }
        let results = await concurrently(portions, atMost: max(1, request.threads)) { targets in
            targets.map { judge($0, isOne: isOne, cache, request) }
        }
        var result = LintResult()
        (result.unjudged, result.archives) = (named.passedOver, named.archives)
        for found in results {
            for judged in try found.get() {
                result.unjudged += judged.unjudged
                guard let setUp = judged.setUp else { continue }
                if !setUp.findings.isEmpty { result.broken.append(setUp) }
                result.files += judged.files
                for gap in judged.gaps { result.gaps.append((setUp.node, setUp.root, gap)) }
                result.setUps += 1
            }
        }
        // Nothing said of nothing would look like a judgement.
        guard result.setUps > 0 else {
            throw LintTargets.nothing(in: result.unjudged, archives: result.archives)
        }
        return result
    }

    private struct Judged {
        var setUp: LintResult.SetUp?
        var files = 0
        var unjudged: [String] = []
        var gaps: [LintGap] = []
    }

    /// - Returns: no set-up for single files that make up none.
    private static func judge(
        _ target: LintTargets.Target, isOne: Bool, _ cache: LintCache, _ request: LintRequest
    ) -> Judged {
        let (node, name, isWhole) = reading(target)
        let reader = SetUpReader(node: node, isWhole: isWhole, cache: cache, request: request)
        let facts = reader.facts(isOne ? nil : name)
        let files = facts.filesSeen
        let findings = Lint.judge(facts)
        var unjudged: [String] = []
        if case .loose(let paths) = target {
            let used = Set(files.map { node.display($0).bytes })
            unjudged = paths.filter { !used.contains($0.bytes) }
            if findings.isEmpty, unjudged.count == paths.count { return Judged(unjudged: unjudged) }
        }
        let root = isWhole ? node.display("/") : nil
        let setUp = LintResult.SetUp(
            node: facts.node, root: root.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 },
            findings: findings)
        return Judged(
            setUp: setUp, files: files.count, unjudged: unjudged, gaps: Lint.gaps(facts))
    }

    private static func reading(
        _ target: LintTargets.Target
    ) -> (node: any NodeReading, name: String?, isWhole: Bool) {
        switch target {
        case .tree(let path, let node):
            (TreeReading(LocalTransport(root: NodeRoot(prefix: path, isStill: true))), node, true)
        case .archived(let archive, let name, let root, let node):
            (ArchiveReading(archive: archive, name: name, root: root), node, true)
        case .loose(let paths): (LooseFiles(paths), nil, false)
        }
    }
}

extension LintFacts {
    /// Paths of the files that were read, and of manifests that are only told of.
    fileprivate var filesSeen: [String] {
        let named = [ca, certificate, key, clientCA].compactMap { $0 }.filter { $0.content != .absent }
        let units = [unit].compactMap { $0 } + kubeProxies
        return named.map(\.path) + staticPods + units.flatMap { $0.ownFiles + $0.environmentFiles.keys }
    }
}
