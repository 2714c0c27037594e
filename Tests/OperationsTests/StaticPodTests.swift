// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Operations
@testable import Planning

/// kube-apiserver in a static pod, whose manifest takes the place of a unit.
@Suite struct StaticPodTests {
    private static let manifest = "/etc/kubernetes/manifests/kube-apiserver.json"
    private let tree: ZooTree

    /// The clean tree with its unit's flags in a manifest.
    init() async throws {
        tree = try await ZooTree()
        let flags = try tree.read(ZooTree.dropIn).matches(of: /\n +(--[^ \n]+)/).map { "\"\($0.1)\"" }
        try #require(flags.count > 10)
        try tree.remove("/etc/systemd/system")
        let text = """
            { "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "kube-apiserver" },
              "spec": { "containers": [
                { "name": "sidecar", "command": ["sleep", "1d"] },
                { "name": "kube-apiserver", "image": "registry.k8s.io/kube-apiserver:v1.30.0", "command": [
                "kube-apiserver",
                \(flags.joined(separator: ",\n    "))],
                "volumeMounts": [{ "name": "pki", "mountPath": "/etc/kubernetes/ssl", "readOnly": true }] }],
              "volumes": [{ "name": "pki", "hostPath": { "path": "/etc/kubernetes/ssl" } }] } }

            """
        try tree.write(text, Self.manifest)
    }

    private func codes(version: String? = nil) async throws -> [FindingCode] {
        try await tree.judge(version: version).map(\.code)
    }

    @Test func aCleanOneHasNoFinding() async throws {
        #expect(try await codes() == [])
        #expect(try await codes(version: "1.33") == [])
        // The image may say what is run.
        try tree.edit(Self.manifest, "\"command\": [\n    \"kube-apiserver\",", "\"args\": [")
        #expect(try await codes() == [])
    }

    @Test func itsFlagsAreJudgedInTheirPlace() async throws {
        try tree.edit(Self.manifest, "names=aggregator", "names=other")
        let finding = try #require(try await tree.judge().first)
        #expect(finding.code == .nameNotAllowed && finding.file == tree.root + Self.manifest)
        let lines = try tree.read(Self.manifest).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(finding.line == lines.firstIndex { $0.contains("names=other") }.map { $0 + 1 })
        try tree.edit(Self.manifest, "names=other", "names=aggregator")
        try tree.edit(Self.manifest, "--service-account-issuer", "--other-issuer")
        #expect(try await codes(version: "1.33") == [.missingRequiredFlag])
        try tree.edit(
            Self.manifest, "\"kube-apiserver\",\n", "\"kube-apiserver\"], \"args\": [\"--v=2\"], \"env\": [")
        #expect(try await codes() == [.aggregationOff])
    }

    @Test func itsFilesAreThoseOfItsMounts() async throws {
        try tree.edit(Self.manifest, "\"path\": \"/etc/kubernetes/ssl\"", "\"path\": \"/srv/pki\"")
        #expect(try await codes() == [.missingFile, .missingFile, .missingFile])
        try Zoo.shell("mkdir -p srv; mv etc/kubernetes/ssl srv/pki", in: tree.root)
        #expect(try await codes() == [])
        try tree.chmod("/srv/pki/aggregator-key.pem", 0o644)
        let finding = try #require(try await tree.judge().first)
        #expect(finding.code == .keyReadable && finding.file == tree.root + "/srv/pki/aggregator-key.pem")
    }

    @Test(arguments: [
        ("\"hostPath\": { \"path\": \"/etc/kubernetes/ssl\" }", "\"emptyDir\": {}"),
        ("volumeMounts", "other"),
        ("\"mountPath\": \"/etc/kubernetes/ssl\"", "\"mountPath\": \"/etc/kubernetes/pki\""),
        ("key-file=\(ZooTree.key)", "key-file=aggregator-key.pem"),
    ])
    func aFileThatIsNotMounted(_ old: String, _ new: String) async throws {
        try tree.edit(Self.manifest, old, new)
        #expect(try await codes() == [.notMounted])
    }

    @Test func aPathThatIsOpen() async throws {
        try tree.edit(Self.manifest, "key-file=\(ZooTree.key)", "key-file=$(DIRECTORY)/aggregator-key.pem")
        #expect(try await codes() == [.unclearCommand])
        try tree.edit(Self.manifest, "$(DIRECTORY)/", "")
        try tree.edit(Self.manifest, "\"command\"", "\"workingDir\": \"\(ZooTree.ssl)\", \"command\"")
        #expect(try await codes() == [])
    }

    @Test func itsManifestIsAFileOfTheSetUp() async throws {
        try tree.chmod(Self.manifest, 0o666)
        #expect(try await codes() == [.writable])
    }

    @Test func singleFiles() async throws {
        try tree.edit(Self.manifest, "names=aggregator", "names=other")
        let files = [Self.manifest, ZooTree.ca, ZooTree.certificate, ZooTree.key].map { tree.root + $0 }
        #expect(try await tree.judge(files).map(\.code) == [.nameNotAllowed])
    }

    /// What is not judged is told.
    @Test(arguments: [
        "apiVersion: v1\nkind: Pod\n", "{ \"kind\": \"Pod\"", "", "{ \"kind\": \"List\" }",
        "{ \"kind\": \"Pod\", \"spec\": { \"containers\": [{ \"command\": [\"/bin/sh\", \"-c\", \"kube-apiserver\"] }] } }",
    ])
    func whatIsNotRead(_ text: String) async throws {
        try tree.write(text, Self.manifest)
        #expect(try await codes() == [.staticPod])
        #expect(try await tree.judge([tree.root + Self.manifest]).map(\.code) == [.staticPod])
    }

    /// A manifest that is only told of is a file that was seen, also as the only one.
    @Test func aManifestThatIsNotReadCounts() async throws {
        try tree.remove(Self.manifest)
        try tree.remove("/etc/kubernetes/ssl")
        try tree.write("apiVersion: v1\nkind: Pod\n", "/etc/kubernetes/manifests/kube-apiserver.yaml")
        for path in [tree.root, tree.root + "/etc/kubernetes/manifests/kube-apiserver.yaml"] {
            let result = try await LintRun.judge(
                LintRequest(paths: [path], version: nil, warnSeconds: 0, now: Zoo.now, threads: 1))
            #expect(result.files == 1 && result.unjudged.isEmpty, "\(result)")
            #expect(result.findings.map(\.code) == [.staticPod])
        }
    }

    /// RKE2 keeps its manifests elsewhere.
    @Test func rke2() async throws {
        try tree.edit(Self.manifest, "names=aggregator", "names=other")
        let folder = "/var/lib/rancher/rke2/agent/pod-manifests"
        try Zoo.shell("mkdir -p .\(folder); mv .\(Self.manifest) .\(folder)", in: tree.root)
        let finding = try #require(try await tree.judge().first)
        #expect(finding.code == .nameNotAllowed && finding.isInPod)
        #expect(finding.file == "\(tree.root)\(folder)/kube-apiserver.json")
    }

    @Test func severalManifests() async throws {
        try tree.write(try tree.read(Self.manifest), "/etc/kubernetes/manifests/apiserver-2")
        #expect(try await codes() == [.staticPod, .staticPod])
    }
}
