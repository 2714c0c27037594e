// SPDX-License-Identifier: Apache-2.0

/// What one run fuzzes.
package struct FuzzTarget: Sendable {
    package let name: String
    package let run: @Sendable ([UInt8]) -> Void

    package static let all = [
        FuzzTarget(name: "spec", run: SpecTarget.run),
        FuzzTarget(name: "cfssl", run: CFSSLTarget.run),
        FuzzTarget(name: "unit", run: UnitTarget.run),
        FuzzTarget(name: "command", run: CommandTarget.run),
        FuzzTarget(name: "environment", run: EnvironmentTarget.run),
        FuzzTarget(name: "pem", run: CertificateTarget.runPEM),
        FuzzTarget(name: "der", run: CertificateTarget.runDER),
        FuzzTarget(name: "key", run: CertificateTarget.runKey),
        FuzzTarget(name: "issue", run: IssueTarget.run),
        FuzzTarget(name: "reply", run: ReplyTarget.run),
        FuzzTarget(name: "response", run: HTTPTarget.runResponse),
        FuzzTarget(name: "request", run: HTTPTarget.runRequest),
        FuzzTarget(name: "tar", run: TarTarget.run),
        FuzzTarget(name: "age", run: AgeTarget.run),
        FuzzTarget(name: "text", run: TextTarget.run),
    ]

    package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// Ends the run where a property does not hold; libFuzzer keeps the input.
func require(_ condition: Bool, _ property: @autoclosure () -> String) {
    if !condition { fatalError("PROPERTY: \(property())") }
}

/// Whether both have the same bytes; `==` also holds for texts that are only equivalent.
func isSame(_ a: some StringProtocol, _ b: some StringProtocol) -> Bool { a.utf8.elementsEqual(b.utf8) }

/// At most `count` parts between NULs; the last one has what is left.
func parts(_ bytes: [UInt8], _ count: Int) -> [[UInt8]] {
    var parts = bytes.split(separator: 0, maxSplits: count - 1, omittingEmptySubsequences: false).map(
        Array.init)
    while parts.count < count { parts.append([]) }
    return parts
}

/// The bytes as text, repaired where they are no UTF-8.
func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
