// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Values

@testable import Operations
@testable import Planning
@testable import Spec
@testable import aggbootstrap

/// What is said before a rotation: the stages as values below, their words here.
@Suite struct RotationOutlineTests {
    private func text(_ outline: RotationOutline) throws -> RotationOutlineText {
        let spec = try ClusterSpec.parse(Array(EmbeddedDefault.spec.utf8), fileName: "x")
        return RotationOutlineText(outline, spec: spec, nodes: ["cp1", "cp2"], state: "/state")
    }

    @Test func aReplacement() throws {
        let text = try text(
            RotationOutline(
                .replace,
                [
                    .preflight, .newCA, .crossCertificate, .trust(seconds: 60),
                    .extensions(seconds: 120, isEmergency: false, isCrossSigned: true),
                    .leaves(isCrossSigned: true), .soak(seconds: 90, rereadSeconds: nil),
                    .drop(watchSeconds: 120), .proof(isEmergency: false),
                ]))
        #expect(
            text.lines.first == "replace the requestheader CA of demo on cp1, cp2" && text.lines.last == "")
        #expect(
            text.lines.dropFirst().dropLast(2).map { $0.description.dropFirst(2) }
                == text.stages.map { $0.description[...] })
        #expect(text.lines[10] == "it waits at least 210 s in all: a time limit must be longer")
        #expect(
            text.stages.map { String($0.description.prefix(14)) } == [
                "S0 preflight  ", "S1 issue      ", "S1 issue      ", "S2 trust      ", "S3 extensions ",
                "S4 leaves     ", "S5 soak       ", "S6 drop       ", "S7 proof      ",
            ])
        #expect(text.stages[1] == "S1 issue      a new CA and new proxy client certificates, in /state only")
        #expect(text.stages[4].contains("at most 120 s") && text.stages[4].contains("cross certificate"))
        #expect(text.stages[6] == "S5 soak       90 s with both CAs trusted")
        #expect(
            text.stages[8]
                == "S7 proof      every API server answers 401 to the certificates of the CA that is dropped; their keys are destroyed"
        )
    }

    @Test func anEmergencyAndAnAbort() throws {
        let soak = RotationOutline.Part.soak(seconds: 0, rereadSeconds: 65)
        let emergency = try text(
            RotationOutline(
                .resume(since: "T"),
                [
                    .extensions(seconds: 30, isEmergency: true, isCrossSigned: false), soak,
                    .proof(isEmergency: true),
                ]))
        #expect(emergency.lines[0] == "continue the rotation of the requestheader CA of demo, begun at T")
        #expect(emergency.stages[0].contains("30 s to trust both, and continues without"))
        #expect(emergency.stages[1].hasPrefix("S5 soak       none, but 65 s for a kube-apiserver"))
        #expect(emergency.stages[2].contains("no extension API server trusts the old CA"))
        let abort = try text(RotationOutline(.abort(since: "T"), [.soak(seconds: 10, rereadSeconds: 65)]))
        #expect(abort.lines[0] == "abort the rotation of the requestheader CA of demo, begun at T")
        #expect(abort.stages[0].hasPrefix("S5 soak       10 s with both CAs trusted, and 65 s for"))
    }

    @Test func whatAnEmergencyBreaks() {
        func lines(_ services: [BlastRadius.Service]?) -> BlastRadius {
            BlastRadius(cause: .compromisedLeaf, services: services, seconds: 30)
        }
        #expect(lines(nil).lines[1].contains("there is no kubeconfig"))
        #expect(lines([]).lines[1].hasSuffix("nothing will fail"))
        let radius = lines([
            .init(name: "v1.a", service: "ns/a", places: ["192.0.2.1:443"], isAvailable: true),
            .init(name: "v1.b", service: "ns/b", places: [], isAvailable: false),
        ])
        #expect(
            radius.lines.suffix(2) == [
                "  v1.a: ns/a at 192.0.2.1:443", "  v1.b: ns/b at no endpoint, not available now",
            ])
        #expect(radius.texts.last == "v1.b: ns/b at no endpoint, not available now")
        #expect(radius.lines[0].hasPrefix("anyone who has the key of a proxy client certificate"))
    }
}
