// SPDX-License-Identifier: Apache-2.0

import Values

/// SARIF 2.1.0 (OASIS), as GitHub's code scanning reads it: what failed, and what to look at.
struct SARIFDocument: Encodable {
    struct Text: Encodable { let text: String }

    struct Rule: Encodable {
        let id: String
        let shortDescription: Text
        let help: Text
    }

    struct Driver: Encodable {
        let name = "aggbootstrap"
        let version: String
        let rules: [Rule]
    }

    struct Tool: Encodable { let driver: Driver }

    struct Artifact: Encodable { let uri: String }

    struct Region: Encodable { let startLine: Int }

    struct Physical: Encodable {
        let artifactLocation: Artifact
        let region: Region
    }

    struct Logical: Encodable {
        let name: String
        let kind = "resource"
    }

    struct Location: Encodable {
        let physicalLocation: Physical?
        let logicalLocations: [Logical]
    }

    struct Result: Encodable {
        let ruleId: String
        let ruleIndex: Int
        let level: String
        let message: Text
        let locations: [Location]
    }

    struct Invocation: Encodable {
        let executionSuccessful: Bool
        let exitCode: Int32
    }

    struct Run: Encodable {
        let tool: Tool
        let invocations: [Invocation]?
        let results: [Result]
        let columnKind = "unicodeCodePoints"
    }

    enum CodingKeys: String, CodingKey {
        case schema = "$schema"
        case version
        case runs
    }

    let schema = "https://json.schemastore.org/sarif-2.1.0.json"
    let version = "2.1.0"
    let runs: [Run]

    /// - Parameter failure: the exit status of a run that could not check; nil for one that did.
    init(_ checks: [ReportedCheck], failure: ExitStatus? = nil) {
        let shown = checks.filter { $0.level == .error || $0.level == .warning }
        var names: [String] = []
        for check in shown where !names.contains(check.name) { names.append(check.name) }
        let rules = names.map { name in
            let rule = shown.first { $0.name == name }?.rule
            return Rule(
                id: name, shortDescription: Text(text: rule?.text ?? name),
                help: Text(text: rule?.help ?? name))
        }
        let results = shown.map { check in
            Result(
                ruleId: check.name, ruleIndex: names.firstIndex(of: check.name) ?? 0,
                level: check.level == .error ? "error" : "warning",
                message: Text(text: check.subject.isEmpty ? check.text : "\(check.subject): \(check.text)"),
                locations: [Self.location(check)])
        }
        runs = [
            Run(
                tool: Tool(driver: Driver(version: VersionCommand.number, rules: rules)),
                invocations: failure.map {
                    [Invocation(executionSuccessful: false, exitCode: $0.rawValue)]
                }, results: results)
        ]
    }

    private static func location(_ check: ReportedCheck) -> Location {
        Location(
            physicalLocation: check.file.map {
                Physical(
                    artifactLocation: Artifact(uri: uri($0)), region: Region(startLine: check.line ?? 1))
            },
            logicalLocations: check.subject.isEmpty ? [] : [Logical(name: check.subject)])
    }

    /// RFC 3986: everything but unreserved characters and slashes is written as `%XX`.
    private static func uri(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isUnreserved =
                byte < 0x80 && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            if isUnreserved || "-._~/".utf8.contains(byte) {
                text.unicodeScalars.append(scalar)
            } else {
                text += "%" + Hex.text([byte]).uppercased()
            }
        }
        return path.hasPrefix("/") ? "file://\(text)" : text
    }
}
