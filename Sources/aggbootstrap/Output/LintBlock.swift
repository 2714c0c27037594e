// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Values

/// Set-ups in whose files the same is wrong, but for the nodes' names: said once.
struct LintBlock {
    /// What stands for each node's name where it is a part of a path or of a name.
    private static let anyNode = "NODE"

    private let setUps: [LintResult.SetUp]

    /// In the order of the first of each.
    static func blocks(of setUps: [LintResult.SetUp]) -> [LintBlock] {
        var places: [[Finding]: Int] = [:]
        var blocks: [[LintResult.SetUp]] = []
        for setUp in setUps {
            // Single files are one set-up, and have no node.
            let key = setUp.node == nil ? setUp.findings : findings(of: setUp, below: "", naming: anyNode)
            if let place = places[key] {
                blocks[place].append(setUp)
            } else {
                places[key] = blocks.count
                blocks.append([setUp])
            }
        }
        return blocks.map(LintBlock.init(setUps:))
    }

    func lines(hasTitle: Bool) -> [Message] {
        let names = StatusTable.names(setUps.map { $0.node ?? "files" })
        return (hasTitle ? ["\(names):"] : []) + findings.flatMap(Self.lines)
    }

    /// Of all its set-ups in one.
    private var findings: [Finding] {
        guard let first = setUps.first else { return [] }
        guard setUps.count > 1 else { return first.findings }
        let root = commonRoot
        let plain = Self.findings(of: first, below: root, naming: nil)
        let areSame = setUps.allSatisfy { Self.findings(of: $0, below: root, naming: nil) == plain }
        return areSame ? plain : Self.findings(of: first, below: root, naming: Self.anyNode)
    }

    /// `out/NODE`, where every tree lies under its node's name in one directory; empty for paths on the node.
    private var commonRoot: String {
        let parents = setUps.map { setUp -> String? in
            guard let root = setUp.root, let node = setUp.node, root.hasSuffix("/\(node)") else { return nil }
            return String(root.dropLast(node.count))
        }
        guard let parent = parents[0], parents.allSatisfy({ $0 == parent }) else { return "" }
        return parent + Self.anyNode
    }

    /// With another root in its places, and with `name` for the node's name in its details; nil leaves that.
    private static func findings(
        of setUp: LintResult.SetUp, below root: String, naming name: String?
    ) -> [Finding] {
        guard let node = setUp.node, let old = setUp.root else { return setUp.findings }
        let (prefix, newPrefix) = (Array("\(old)/".utf8), Array("\(root)/".utf8))
        let (word, newWord) = (Array(node.utf8), name.map { Array($0.utf8) })
        return setUp.findings.map { finding in
            var finding = finding
            finding.node = nil
            finding.file = finding.file.map {
                $0.utf8.starts(with: prefix) ? root + $0.dropFirst(old.count) : $0
            }
            finding.details = finding.details.mapValues { detail in
                detail.mapValues { text in
                    let moved = replacing(prefix, with: newPrefix, in: text)
                    return newWord.map { replacing(word, with: $0, in: moved, asWord: true) } ?? moved
                }
            }
            return finding
        }
    }

    /// - Parameter asWord: whether it is left alone within a longer word.
    private static func replacing(
        _ old: [UInt8], with new: [UInt8], in text: String, asWord: Bool = false
    ) -> String {
        let bytes = Array(text.utf8)
        var (result, index, isChanged) = ([UInt8](), 0, false)
        while index < bytes.count {
            let rest = bytes[index...]
            if !old.isEmpty, rest.starts(with: old), !asWord || isWord(bytes, index..<(index + old.count)) {
                result += new
                index += old.count
                isChanged = true
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return isChanged ? String(decoding: result, as: UTF8.self) : text
    }

    private static func isWord(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        func isPart(_ index: Int) -> Bool {
            guard bytes.indices.contains(index) else { return false }
            let byte = bytes[index]
            return byte >= 0x80 || Unicode.Scalar(byte).properties.isAlphabetic
                || (0x30...0x39).contains(byte)
        }
        return !isPart(range.lowerBound - 1) && !isPart(range.upperBound)
    }

    private static func lines(_ finding: Finding) -> [Message] {
        // A file's name may have line feeds in it.
        func safe(_ text: String) -> String { SafeText.line(text, keepingTabs: true) }
        let text = FindingText(finding, detail: safe)
        let line = finding.line.map { ":\($0)" } ?? ""
        let place = finding.file.map { "\(safe($0))\(line): " } ?? ""
        let severity: Message = finding.severity == .error ? "error" : "warning"
        return [
            "  \(severity): \(place)\(text.message) [\(finding.code.rawValue)]",
            "      then: \(text.effect)", "      fix:  \(text.remedy)",
        ]
    }
}
