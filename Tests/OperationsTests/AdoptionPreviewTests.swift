// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import ControlPlane
@testable import LocalFiles
@testable import Operations
@testable import Planning
@testable import Proofs
@testable import Spec
@testable import StateStore
@testable import SystemdUnits
@testable import Values

/// What is told of a new spec is what `plan` says of it right after.
@Suite struct AdoptionPreviewTests {
    private let machine: AdoptedMachine
    private var directory: TemporaryDirectory { machine.directory }

    init() throws { machine = try AdoptedMachine() }

    private static func unit(_ command: String, _ more: String = "") -> String {
        "[Service]\n\(more)ExecStart=\(command)\n"
    }

    private static let tls = "--tls-cert-file=/pki/clients.crt"
    private static let flags = (AdoptedMachine.flags + ["--client-ca-file=/pki/clients.crt", tls])
        .joined(separator: " ")
    private static let plainUnit = unit("/usr/bin/kube-apiserver \(flags)")

    private func adopt(_ effects: Effects, caKey: String? = nil) async throws -> [AdoptionNote] {
        let adoption = try await Adoption(
            .init(
                destinations: ["admin@192.0.2.7"], sshConfig: nil, cluster: "c",
                kubeconfig: directory.file("extensions"), state: directory.file("state"),
                caKey: caKey.map(directory.file), passphrase: nil), effects: effects)
        try directory.write(adoption.text, to: "cluster.json")
        return adoption.notes
    }

    /// The refusals of `plan` with the spec that was written.
    private func refusals(_ effects: Effects) async throws -> [Refusal] {
        let request = RunRequest(specFile: directory.file("cluster.json"), state: directory.file("state"))
        return try await Change.toSpec(try Run(request, effects: effects)).prepare().plan.refusals
    }

    private static func codes(_ notes: [AdoptionNote]) -> [String] {
        notes.compactMap { note in
            switch note {
            case .refused(_, let code, _, _): code
            case .foreignCA: "plan/foreign-ca"
            default: nil
            }
        }.sorted()
    }

    @Test func aCAOfAnotherMakerIsToldOnce() async throws {
        let effects = try machine.start(Self.plainUnit)
        let notes = try await adopt(effects)
        #expect(Self.codes(notes) == ["plan/foreign-ca"])
        #expect(notes.contains(.foreignCA(subject: "CN=front-proxy-ca")))
        #expect(!notes.contains { $0.kind == .changes }, "what is refused is no change")
        #expect(try await refusals(effects).map(\.code) == ["plan/foreign-ca"])
    }

    /// `init` would not make a CA there, so `rotate` does not send to it.
    @Test func aRenewalIsSentToTheWayOut() async throws {
        let effects = try machine.start(Self.plainUnit)
        _ = try await adopt(effects)
        let request = RunRequest(specFile: directory.file("cluster.json"), state: directory.file("state"))
        let renewal = LeafRotation.change(
            try Run(request, effects: effects), .init(reloadSeconds: 0, witness: .init(isWanted: false)))
        let refusal = try await renewal.prepare().plan.refusals.first
        #expect(refusal?.code == "rotation/no-ca")
        #expect(
            refusal?.hint.hasPrefix(
                "the control planes have a CA that was made elsewhere: replace it with aggbootstrap rotate --ca"
            )
                == true)
    }

    @Test func aCAThatWasTakenOver() async throws {
        try machine.program("chmod", ["0600", "\(machine.root)/pki/client.key"])
        let effects = try machine.start(Self.plainUnit)
        let notes = try await adopt(effects, caKey: "ca.key")
        #expect(Self.codes(notes) == [])
        #expect(notes.filter { $0.kind == .changes } == [.clientsAreIssued, .noRestart])
        #expect(try await refusals(effects) == [])
    }

    /// Each with a set-up that reads well, and that `plan` refuses.
    @Test(arguments: ["part", "script", "link", "folder"])
    func whatPlanRefusesIsTold(setUp: String) async throws {
        let effects: Effects
        switch setUp {
        case "part":
            // Some of the flags are in a variable that is used twice.
            effects = try machine.start(
                Self.unit(
                    "/usr/bin/kube-apiserver --requestheader-client-ca-file=/pki/ca.crt --client-ca-file=/pki/clients.crt \(Self.tls) ${A}",
                    "EnvironmentFile=/etc/api.env\n"),
                environment: "A=\"\(AdoptedMachine.flags.dropFirst().joined(separator: " "))\"\n",
                running: Self.flags.split(separator: " ").map(String.init))
        case "script":
            effects = try machine.start(
                Self.unit("/usr/local/bin/start-api"),
                running: Self.flags.split(separator: " ").map(String.init))
        case "link":
            try machine.program("mv", ["\(machine.root)/pki/client.crt", "\(machine.root)/pki/client-1.crt"])
            try machine.program("ln", ["-s", "client-1.crt", "\(machine.root)/pki/client.crt"])
            effects = try machine.start(Self.plainUnit)
        default:
            let path = UnitPaths.dropIn(of: AdoptedMachine.unit).splitPath.directory
            try machine.program(
                "mkdir", ["-p", "\(machine.root)/etc/systemd/system", "\(machine.root)/other"])
            try machine.program("ln", ["-s", "/other", machine.root + path])
            effects = try machine.start(Self.plainUnit)
        }
        let told = try await adopt(effects, caKey: "ca.key")
        #expect(!Self.codes(told).isEmpty)
        do {
            let refused = try await refusals(effects)
            #expect(Self.codes(told) == refused.map(\.code).sorted())
            for refusal in refused {
                #expect(
                    told.contains(
                        .refused(
                            nodes: ["master-1"], code: refusal.code, message: refusal.message,
                            hint: refusal.hint)))
            }
        } catch {
            let report = ErrorReport(error)
            #expect(
                told.contains(
                    .refused(nodes: [], code: report.code, message: report.message, hint: report.hint)))
        }
    }

    @Test func theClientCAIsRefusedOnce() async throws {
        try machine.copy(directory.file("ca.crt"), to: "\(machine.root)/pki/clients.crt")
        let effects = try machine.start(Self.plainUnit)
        let notes = try await adopt(effects)
        #expect(Self.codes(notes) == ["plan/shared-ca"])
        #expect(notes.contains { if case .sharedCA = $0 { $0.kind == .notKept } else { false } })
        #expect(try await refusals(effects).map(\.code).contains("plan/shared-ca"))
    }

    @Test func aUnitThatWasChangedAndNotRestarted() async throws {
        let effects = try machine.start(
            Self.unit("/usr/bin/kube-apiserver \(Self.flags.replacing("client.crt", with: "next.crt"))"),
            running: Self.flags.split(separator: " ").map(String.init))
        let notes = try await adopt(effects, caKey: "ca.key")
        #expect(
            notes.contains(
                .notRestarted(
                    node: "master-1", flag: "proxy-client-cert-file", running: "/pki/client.crt",
                    files: "/pki/next.crt")))
        #expect(
            notes.contains { note in
                if case .files(["master-1"], let written, []) = note {
                    written.contains { $0.hasSuffix(".conf") }
                } else {
                    false
                }
            }, "\(notes)")
    }

    @Test func aLayerThatIsOff() async throws {
        let effects = try machine.start(
            Self.unit("/usr/bin/kube-apiserver --client-ca-file=/pki/clients.crt \(Self.tls)"))
        let notes = try await adopt(effects)
        #expect(Self.codes(notes) == [])
        #expect(notes.contains(.issues(owner: nil, because: CertificateIssue.noneYet)))
        #expect(notes.contains(.issues(owner: "master-1", because: CertificateIssue.noneYet)))
        let files = ["aggregator-ca.pem", "aggregator.pem", "aggregator-key.pem"].map {
            "/etc/kubernetes/ssl/\($0)"
        }
        #expect(
            notes.contains { note in
                if case .files(["master-1"], let written, []) = note {
                    Set(written).isSuperset(of: files)
                        && written.contains(UnitPaths.dropIn(of: AdoptedMachine.unit))
                } else {
                    false
                }
            }, "\(notes)")
        #expect(
            notes.contains(
                .restart(
                    nodes: ["master-1"], unit: AdoptedMachine.unit,
                    because: "it runs without the wanted flags")))
        #expect(!notes.contains(.noRestart))
    }

    /// The mode, and the owner too where that is not right.
    @Test func aKeyThatOthersMayRead() async throws {
        let key = "\(machine.root)/pki/client.key"
        try machine.program("chmod", ["0640", key])
        let effects = try machine.start(Self.plainUnit)
        #expect(
            try await adopt(effects).contains(
                .openKey(node: "master-1", path: "/pki/client.key", mode: 0o640)))
    }
}
