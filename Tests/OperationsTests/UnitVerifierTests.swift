// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import ControlPlane
@testable import LocalFiles
@testable import NodeAccess
@testable import OpenSSL
@testable import PKI
@testable import Spec
@testable import SystemdUnits
@testable import Values

/// systemd's own parser judges, by the real systemd-analyze.
@Suite struct UnitVerifierTests {
    private static let unit = "kube-apiserver.service"
    private static let path = "/etc/systemd/system/kube-apiserver.service"
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func verify(_ current: [UnitText], _ changed: [UnitText]) async throws {
        try await UnitVerifier(unit: Self.unit, node: LocalTransport(), workDirectory: directory.path).verify(
            current: current, changed: changed)
        #expect(try FileReader.list(directory.path) == [])
    }

    private func rendered(_ base: [UnitText]) throws -> UnitText {
        let spec = try ClusterSpec.parse(Array(OfflineCluster.spec().utf8), fileName: "cluster.json")
        let digests = try base.map { try Digest.sha256Hex(Array($0.text.utf8)) }
        let unit = try RenderedUnit.dropIn(
            unit: Self.unit, base: base, baseDigests: digests, environmentFiles: [:],
            flags: APIServerFlags(spec: spec))
        return UnitText(path: unit.path, text: unit.text)
    }

    static let healthy = [
        EmbeddedDefault.baseUnit,
        EmbeddedDefault.baseUnit.replacing("[Install]", with: "NoSuchKey=1\n[Install]"),
        EmbeddedDefault.baseUnit.replacing(
            "LimitNOFILE=65536", with: "LimitNOFILE=many\nStandardOutput=syslog"),
        EmbeddedDefault.baseUnit.replacing(
            "/usr/local/bin/kube-apiserver", with: "/bin/true '%%h' \"two words\""),
    ]

    /// Warnings that the unit had before are no reason to refuse.
    @Test(arguments: healthy) func whatWeRender(base: String) async throws {
        let base = [UnitText(path: Self.path, text: base)]
        let ours = try rendered(base)
        try await verify(base, base + [ours])
        try await verify(base + [ours], base + [ours])
        let operators = UnitText(path: "\(Self.path).d/10-more.conf", text: "[Service]\nNice=-5\nOddKey=2\n")
        try await verify(base + [operators], base + [operators, try rendered(base + [operators])])
    }

    @Test(arguments: [
        "[Service]\nExecStart=\nExecStart=/bin/true %Q\n",
        "[Service]\nExecStart=\nExecStart=/bin/true \"open\n",
        "[Service]\nExecStart=\nExecStart=true relative/path/../x\nExecStart=/bin/false\n",
        "[Service]\nExecStart=\n", "[Service]\nExecStart=/bin/true\n", "[Service]\nUser=root\nNewKey=1\n",
    ])
    func whatSystemdWouldRefuse(dropIn: String) async throws {
        let base = [UnitText(path: Self.path, text: EmbeddedDefault.baseUnit)]
        let text = UnitText(path: "\(Self.path).d/zz-aggregation.conf", text: dropIn)
        let error = await #expect(throws: BootstrapError.self) { try await verify(base, base + [text]) }
        #expect(error?.code == "unit/does-not-verify")
        #expect(error?.details.isEmpty == false)
        #expect(error?.details.contains { $0.contains(directory.path) } == false, "\(error?.details ?? [])")
        #expect(try FileReader.list(directory.path) == [])
    }

    /// A service and its timer, judged together.
    @Test(arguments: [("OnCalendar=daily", true), ("OnCalendar=nonsense", false)])
    func severalUnitsAtOnce(line: String, isHealthy: Bool) async throws {
        let files = [
            (name: "x.service", text: "[Service]\nExecStart=/bin/true\n"),
            (name: "x.timer", text: "[Timer]\n\(line)\n"),
        ]
        let place = directory.file("judged")
        let lines = try await SystemdAnalyze(node: LocalTransport(), directory: place).verify(
            files.map(\.name), files)
        #expect(lines.isEmpty == isHealthy, "\(lines)")
        #expect(!lines.contains { $0.contains(place) }, "\(lines)")
        #expect(try FileReader.list(directory.path) == [])
    }
}
