// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Planning
@testable import Spec
@testable import SystemdUnits
@testable import Values

/// Texts that Unicode calls equivalent, and the kernel, systemd and kube-apiserver do not.
@Suite struct ByteTextTests {
    static let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}")

    @Test func equivalentIsNotTheSame() {
        #expect(Self.composed == Self.decomposed && Self.composed.bytes != Self.decomposed.bytes)
        #expect(Set([Self.composed, Self.decomposed].bytes).count == 2)
        #expect(![Self.composed].containsBytes(Self.decomposed))
        #expect(["b", "\u{e9}", "a", "e\u{301}"].bytes.sorted().map(\.text.utf8.count) == [1, 1, 3, 2])
    }

    @Test func pathsAreSplitAtTheirSlashes() {
        #expect("/a/\u{301}b//c".pathComponents.bytes == ["a", "\u{301}b", "c"].bytes)
        #expect("/\u{301}b".isAbsolutePath && !"a/".isAbsolutePath)
        #expect("/\u{301}b".splitPath.directory == "/" && "x".splitPath == (".", "x"))
        #expect("/a/\u{301}b".splitPath.name.bytes == "\u{301}b".bytes)
    }

    /// kube-apiserver would refuse every request of the certificate.
    @Test func aNameInAnotherFormIsNotAllowed() throws {
        var world = try PlanWorld(.live, unit: .base(PlanWorld.baseUnit, running: true))
        world.spec.certificates.proxyClient.commonName = Self.composed
        world.spec.requestHeader.allowedNames = [Self.composed]
        try world.apply()
        world.spec.certificates.proxyClient.commonName = Self.decomposed
        world.spec.requestHeader.allowedNames = [Self.decomposed]
        #expect(world.codes.contains("plan/name-not-allowed-yet"), "\(world.codes)")
        #expect(!APIServerFlags(spec: world.spec).areExactlyIn(world.node.unit?.live?.runningArguments ?? []))
    }

    @Test func aDifferenceOfFormIsShown() {
        #expect(UnifiedDiff.lines(from: [Self.composed], to: [Self.decomposed]).count == 3)
    }
}
