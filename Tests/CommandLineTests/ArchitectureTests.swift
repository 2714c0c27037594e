// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Imports point down a floor, and nothing within a module points in a circle.
@Suite struct ArchitectureTests {
    /// From the ground up; a module imports none that stands behind it here.
    private static let floors: [[String]] = [
        ["Secrets", "Values", "UnitTemplates"], ["Spec"], ["SystemdUnits"], ["Planning"], ["OpenSSL"],
        ["LocalFiles", "PKI", "TLS", "SystemdBus"], ["NodeAccess"],
        ["StateStore", "ControlPlane"], ["Proofs"], ["Operations"], ["aggbootstrap"],
    ]
    private static let libraries: [String: Set<String>] = [
        "OpenSSL": ["COpenSSL"], "PKI": ["COpenSSL"], "TLS": ["COpenSSL", "Dispatch"],
        "SystemdBus": ["CSystemd"],
        "LocalFiles": ["Subprocess"],
        "NodeAccess": ["Subprocess"], "ControlPlane": ["Dispatch"],
        "aggbootstrap": [
            "ArgumentParser", "CBuildInfo", "CTranslations", "FoundationEssentials", "Dispatch",
        ],
    ]
    private static let always: Set<String> = ["Glibc", "Synchronization"]

    private struct Source {
        let module: String
        /// Within the module; empty for a file at its top.
        let folder: String
        let name: String
        let text: String
    }

    private static let sources: [Source] = {
        let root = #filePath.components(separatedBy: "/Tests/")[0] + "/Sources"
        let paths = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".swift") }.sorted().compactMap { path in
            let parts = path.split(separator: "/").map(String.init)
            guard let text = try? String(contentsOfFile: "\(root)/\(path)", encoding: .utf8) else {
                return nil
            }
            return Source(
                module: parts[0], folder: parts[1..<(parts.count - 1)].joined(separator: "/"),
                name: String(parts[parts.count - 1].dropLast(6)), text: text)
        }
    }()

    @Test func importsPointDown() throws {
        #expect(Self.sources.count > 250)
        for source in Self.sources {
            let own = try #require(
                Self.floors.firstIndex { $0.contains(source.module) }, "\(source.module) has no floor")
            for match in source.text.matches(of: /(?m)^(?:@testable )?(?:internal )?import (\w+)/) {
                let imported = String(match.1)
                if let floor = Self.floors.firstIndex(where: { $0.contains(imported) }) {
                    #expect(floor < own, "\(source.module)/\(source.name) imports \(imported)")
                } else {
                    let known = Self.always.union(Self.libraries[source.module] ?? [])
                    #expect(known.contains(imported), "\(source.module)/\(source.name) imports \(imported)")
                }
            }
        }
    }

    /// Folder by folder, by the types that a file declares and those that others name.
    @Test func foldersPointInNoCircle() {
        for (module, files) in Dictionary(grouping: Self.sources, by: \.module) {
            var owner: [Substring: String] = [:]
            let declaration =
                /(?m)^(?:(?:package|final|indirect) )*(?:struct|enum|class|protocol|actor|typealias) (\w+)/
            for file in files {
                for match in file.text.matches(of: declaration) { owner[match.1] = file.folder }
            }
            var uses: [String: [String: String]] = [:]
            for file in files {
                let code = file.text.replacing(/\/\/.*/, with: "")
                for match in code.matches(of: /\b[A-Z]\w+\b/) {
                    guard let folder = owner[match.0], folder != file.folder else { continue }
                    uses[file.folder, default: [:]][folder] = "\(file.name) names \(match.0)"
                }
            }
            for start in uses.keys.sorted() {
                var (open, seen) = (Array(uses[start, default: [:]].keys), Set<String>())
                while let next = open.popLast() {
                    if seen.insert(next).inserted { open += uses[next, default: [:]].keys }
                }
                #expect(!seen.contains(start), "\(module)/\(start) is in a circle: \(uses[start] ?? [:])")
            }
        }
    }

    /// One type per file is found by its name: no two files are called the same.
    @Test func fileNamesAreUnique() {
        let names = Dictionary(grouping: Self.sources, by: \.name).filter { $0.value.count > 1 }
        #expect(names.isEmpty, "\(names.keys.sorted())")
    }

    /// Every name is findable: a type that others use stands in the file of its name.
    ///
    /// The codes of an error stand beside it; on the top floor, documents and options that belong together share a file.
    @Test func typesAreInTheFileOfTheirName() {
        let declaration = /(?m)^(?:(?:package|final|indirect) )*(?:struct|enum|class|protocol|actor) (\w+)/
        for source in Self.sources where !["aggbootstrap", "Operations"].contains(source.module) {
            for match in source.text.matches(of: declaration) {
                let name = String(match.1)
                #expect(
                    name == source.name || name == "\(source.name)Code",
                    "\(name) is in \(source.module)/\(source.name).swift")
            }
        }
    }

    /// What a run says while it works is values, which have no words below the top floor.
    @Test func progressHasItsWordsOnTheTopFloor() {
        let words = /\b(?:progress|say|tell|settle|step|note)\(\s*(?:\.\w+\(\s*(?:\w+:\s*)?)*"[A-Za-z]/
        for source in Self.sources where source.module != "aggbootstrap" {
            let code = source.text.replacing(/\/\/.*/, with: "")
            let found = code.firstMatch(of: words).map { String($0.output) }
            #expect(found == nil, "\(source.module)/\(source.name)")
            if source.module == "Planning", source.folder == "Progress" {
                #expect(!code.contains("\""), "\(source.name)")
            }
        }
    }

    /// One error type with a code for each area, and the list of a spec's problems.
    @Test func thereIsOneTypeOfErrors() {
        let types = Self.sources.flatMap { source in
            source.text.matches(of: /(?:struct|enum|class|extension) (\w+)[^\n]*: [^\n]*\bReportedError\b/)
                .map { String($0.1) }
        }
        #expect(Set(types) == ["CodedError", "SpecProblems"])
    }

    /// What holds a secret has nothing that shows it: no description but the one that says nothing, and no encoding.
    @Test func secretsHaveNoText() {
        let holders: Set = ["SecretBytes", "PrivateKey", "ClientIdentity", "StateKeys"]
        let declaration = /(?m)^[a-z ]*(?:struct|class|enum|extension) (\w+)(?:: ([^{\n]*))?/
        let texts = /\w*StringConvertible|TextOutputStreamable|Encodable|Codable|ExpressibleByString\w*/
        var (seen, shown): (Set<String>, [String]) = ([], [])
        for source in Self.sources {
            for match in source.text.matches(of: declaration) where holders.contains(String(match.1)) {
                seen.insert(String(match.1))
                shown += (match.2 ?? "").matches(of: texts).map { "\(match.1): \($0.output)" }
            }
        }
        #expect(seen == holders)
        #expect(shown == ["SecretBytes: CustomStringConvertible"])
        let bytes = Self.sources.first { $0.name == "SecretBytes" }?.text ?? ""
        #expect(bytes.contains(#"var description: String { "<secret>" }"#))
        #expect(bytes.contains("Mirror(self, children: [:])"))
    }
}
