// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The codes of errors and notes, as the sources have them: each stands whole in a string of its own.
enum ReportedCodes {
    static let checkout = #filePath.components(separatedBy: "/Tests/")[0]

    /// What a code begins with.
    private static let areas: Set = [
        "adopt", "api", "apiserver", "apply", "archive", "bus", "canary", "cluster", "drift", "external",
        "internal",
        "json", "kubectl", "lint", "node",
        "output", "pki",
        "plan", "process", "renewal", "rollback", "root", "rotation", "run", "schedule", "signed", "signer",
        "spec", "state",
        "status",
        "uninstall", "unit",
        "usage",
    ]

    /// Strings of the same form that are no codes.
    private static let others: Set = [
        "aggbootstrap/v1", "application/json", "kube-system/extension-apiserver-authentication",
        "namespace/name", "poststarthook/aggregator-reload-proxy-client-cert", "s/mime",
    ]

    /// - Returns: all of them, sorted.
    static func inSources() throws -> [String] {
        let lines = try run(
            "grep", ["-rhE", "--include=*.swift", "\"[a-z-]+/[a-z0-9-]+\"", "Sources"],
            currentDirectory: checkout
        ).stdout.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
        let found = lines.flatMap { line in
            line.matches(of: /"([a-z-]+)\/[a-z0-9-]+"/).map {
                (area: String($0.1), text: String($0.0.dropFirst().dropLast()))
            }
        }
        for (area, text) in found where !others.contains(text) {
            #expect(areas.contains(area), "\(text) is of an area that is not listed here")
        }
        return Set(found.map(\.text)).subtracting(others).sorted()
    }

    /// What docs/reference/commands.md says of each code.
    static func meanings() throws -> [String: String] {
        let page = try String(contentsOfFile: "\(checkout)/docs/reference/commands.md", encoding: .utf8)
        let rows = page.matches(of: /(?m)^\| `([a-z-]+\/[a-z0-9-]+)` \| (.*) \|$/)
        return Dictionary(rows.map { (String($0.1), String($0.2)) }) { first, _ in first }
    }
}
