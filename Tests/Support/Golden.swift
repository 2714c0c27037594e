// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Compares a text with the file that is kept of it; `RECORD_GOLDEN=1` writes the file again, and fails.
///
/// - Parameter path: below the checkout.
public func expectGolden(_ text: String, _ path: String, sourceFile: String = #filePath) throws {
    let file = URL(fileURLWithPath: sourceFile.components(separatedBy: "/Tests/")[0]).appendingPathComponent(
        path)
    let kept = try? String(contentsOf: file, encoding: .utf8)
    if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
        guard kept != text else { return }
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        Issue.record("\(path) was written anew; look at the difference and run again without RECORD_GOLDEN")
        return
    }
    guard kept != text else { return }
    let scratch = try TemporaryDirectory()
    try scratch.write(text, to: "now")
    let difference = try run("diff", ["-u", file.path, scratch.file("now")]).stdout
    Issue.record("\(path) differs; RECORD_GOLDEN=1 writes it anew:\n\(difference)")
}

/// A text with everything that differs from run to run put under a name: digests, serial numbers, names of CA
/// generations, durations, the temporary directory, and times unless the clock was given.
public func normalized(_ text: String, in directory: TemporaryDirectory, clockIsGiven: Bool = false) -> String
{
    let times = [
        (#"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"#, "YYYY-MM-DDThh:mm:ssZ"),
        (#"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b"#, "YYYY-MM-DD"),
    ]
    let rules = [
        (#"\b[0-9a-f]{64}\b"#, "<SHA-256>"),
        (#"\b[0-9a-f]{40}\b"#, "<SERIAL>"),
        (#"(?<=[ /-])[0-9a-f]{8}\b"#, "GENERATN"),
        (#"\b[0-9]+(\.[0-9]+)? m?s\b"#, "N ms"),
    ]
    return ((clockIsGiven ? [] : times) + rules).reduce(
        text.replacingOccurrences(of: directory.path, with: "/tmp/example")
    ) { text, rule in
        text.replacingOccurrences(of: rule.0, with: rule.1, options: .regularExpression)
    }
}
