// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import ControlPlane
@testable import NodeAccess
@testable import Operations
@testable import PKI
@testable import Planning
@testable import Proofs
@testable import Spec
@testable import SystemdUnits
@testable import TLS
@testable import Values

@Suite struct CanaryTests {
    fileprivate static let now = UnixTime(seconds: 1_800_000_000)

    // MARK: - Where it listens

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1", nil), ("192.0.2.1:8443", "192.0.2.1", 8443),
        ("2001:db8::1", "2001:db8::1", nil),
        ("[2001:db8::1]", "2001:db8::1", nil), ("[2001:db8::1]:1", "2001:db8::1", 1),
    ])
    func readsAnAddress(_ text: String, _ address: String, _ port: Int?) throws {
        let read = try CanaryAddress(text)
        #expect(read.address.description == address)
        #expect(read.port == port)
    }

    @Test(arguments: [
        "", "operator", "0.0.0.0", "::", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:a",
        "[2001:db8::1",
        "[192.0.2.1]x", "192.0.2.01",
    ])
    func refusesWhatIsNoAddress(_ text: String) {
        let error = #expect(throws: BootstrapError.self) { try CanaryAddress(text) }
        #expect(error?.status == .usage)
    }

    @Test func theWayDependsOnHowTheAggregatorLooksServicesUp() throws {
        let endpoint = APIServerEndpoint(address: "192.0.2.250", port: 6443)
        func kind(_ arguments: [String], _ address: String) throws -> CanaryRoute.Kind {
            try CanaryRoute.of(.parse(arguments: arguments), endpoint, given: try CanaryAddress(address)).kind
        }
        #expect(try kind([], "192.0.2.1") == .externalName)
        #expect(try kind(["--enable-aggregator-routing=false"], "192.0.2.1") == .externalName)
        #expect(try kind(["--enable-aggregator-routing=true"], "192.0.2.1") == .endpoints)
        #expect(try kind(["--enable-aggregator-routing"], "192.0.2.1") == .endpoints)
        // An ExternalName cannot be an IPv6 address.
        #expect(try kind([], "2001:db8::1") == .endpoints)
    }

    // MARK: - What it answers

    private func ask(_ witness: CanaryWitness, _ line: String, _ headers: String = "") throws -> ServerReply {
        let text = "\(line) HTTP/1.1\r\n\(headers)\r\n"
        return witness.reply(to: try #require(ReceivedRequest(Array(text.utf8)[...])))
    }

    @Test func remembersOnlyWhatItWaitsFor() throws {
        let witness = CanaryWitness()
        let discovery = "GET /apis/canary.aggbootstrap.io/v1"
        witness.expect("w0")
        let other = try ask(witness, "\(discovery)?probe=w1", "X-Remote-User: a\r\n")
        #expect(other.status == 200)
        #expect(!other.json.contains("w1"))
        #expect(witness.sighting("w0") == nil)
        let reply = try ask(
            witness, "\(discovery)?probe=w0", "X-Remote-User: a\r\nX-Remote-Group: b\r\nX-Remote-Group: c\r\n"
        )
        #expect(CanaryWitness.isAnswer(reply.json, to: "w0"))
        #expect(witness.sighting("w0")?.users == ["a"])
        #expect(witness.sighting("w0")?.groups == ["b", "c"])
        // The first one counts.
        _ = try ask(witness, "GET /apis/canary.aggbootstrap.io/v1/canaries/w0", "X-Remote-User: z\r\n")
        #expect(witness.sighting("w0")?.users == ["a"])
        witness.forget("w0")
        #expect(witness.sighting("w0") == nil)
        #expect(try ask(witness, "GET /apis/canary.aggbootstrap.io/v1/canaries/w0").status == 404)
    }

    @Test(arguments: [
        "GET /", "GET /apis", "GET /apis/canary.aggbootstrap.io", "GET /apis/canary.aggbootstrap.io/v",
        "GET /apis/canary.aggbootstrap.io/beta", "GET /apis/other/v1", "GET /openapi/v2",
        "GET /apis/canary.aggbootstrap.io/v1/",
        "GET /apis/canary.aggbootstrap.io/v1/canaries", "GET /apis/canary.aggbootstrap.io/v1/canaries/",
        "GET /apis/canary.aggbootstrap.io/v1/pods/w0", "POST /apis/canary.aggbootstrap.io/v1",
        "GET //apis/x/v1",
        "DELETE /apis/canary.aggbootstrap.io/v1/canaries/w0",
    ])
    func servesNothingElse(_ line: String) throws {
        let witness = CanaryWitness()
        witness.expect("w0")
        let reply = try ask(witness, line)
        #expect(reply.status == 404)
        #expect(try JSONSerialization.jsonObject(with: Data(reply.json.utf8)) is [String: Any])
        #expect(witness.sighting("w0") == nil)
    }

    @Test func discoveryIsAsKubernetesHasIt() throws {
        let witness = CanaryWitness()
        witness.expect("w0")
        for line in [
            "GET /apis/canary.aggbootstrap.io/v12", "GET /apis/canary.aggbootstrap.io/v12?x=y&probe=w0",
        ] {
            let json = try ask(witness, line).json
            let list = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
            #expect(list["kind"] as? String == "APIResourceList")
            #expect(list["groupVersion"] as? String == "canary.aggbootstrap.io/v12")
            #expect((list["resources"] as? [[String: Any]])?.map { $0["name"] as? String } == ["canaries"])
        }
        #expect(witness.sighting("w0")?.users == [])
    }

    // MARK: - Its certificate and its objects

    @Test func aClientThatTrustsTheBundleReachesIt() throws {
        let identity = try CanaryIdentity.make(
            routes: 2, now: UnixTime(seconds: Int64(Date().timeIntervalSince1970)))
        let witness = CanaryWitness()
        let server = try HTTPSServer(address: "127.0.0.1", identity: identity.presented) {
            witness.reply(to: $0)
        }
        let directory = try TemporaryDirectory()
        let ca = try directory.write(String(decoding: identity.caPEM, as: UTF8.self), to: "ca.pem")
        for (name, works) in [
            ("aggbootstrap-canary-1.kube-system.svc", true), ("aggbootstrap-canary-2.kube-system.svc", true),
            ("aggbootstrap-canary-3.kube-system.svc", false),
        ] {
            let result = try run(
                "curl",
                [
                    "-sS", "--max-time", "20", "--cacert", ca, "--resolve",
                    "\(name):\(server.port):127.0.0.1",
                    "https://\(name):\(server.port)/apis/canary.aggbootstrap.io/v1",
                ])
            #expect((result.status == 0) == works, "\(result.stderr)")
        }
    }

    @Test func itsObjectsLeadToIt() throws {
        let identity = try CanaryIdentity.make(routes: 1, now: Self.now)
        let manifests = CanaryManifests(run: "r", serverCertificate: identity.leafPEM, caPEM: identity.caPEM)
        let routed = CanaryRoute(kind: .endpoints, address: try CanaryAddress("192.0.2.1").address)
        let made = try manifests.objects(
            3, routed, port: 8443, hasSlices: true, hasEndpoints: true
        ).map { collection, object in
            (
                collection,
                try #require(
                    try JSONSerialization.jsonObject(with: Data(object.document.utf8)) as? [String: Any])
            )
        }
        #expect(
            made.map { $0.1["kind"] as? String } == ["Service", "Endpoints", "EndpointSlice", "APIService"])
        for (collection, object) in made {
            let metadata = try #require(object["metadata"] as? [String: Any])
            let annotations = try #require(metadata["annotations"] as? [String: String])
            let name = try #require(metadata["name"] as? String)
            #expect(CanaryManifests.isReserved(name, in: collection))
            #expect(
                (metadata["labels"] as? [String: String])?["app.kubernetes.io/managed-by"] == "aggbootstrap")
            #expect(annotations["canary.aggbootstrap.io/run"] == "r")
            #expect(annotations["canary.aggbootstrap.io/listens"] == "192.0.2.1:8443")
        }
        let spec = try #require(made.last?.1["spec"] as? [String: Any])
        #expect(spec["group"] as? String == "canary.aggbootstrap.io")
        #expect(spec["version"] as? String == "v3")
        let bundle = try #require(spec["caBundle"] as? String)
        #expect(Data(base64Encoded: bundle).map(Array.init) == identity.caPEM)
        let direct = CanaryRoute(kind: .externalName, address: routed.address)
        func collections(_ route: CanaryRoute, slices: Bool, endpoints: Bool) -> [String] {
            manifests.objects(1, route, port: 1, hasSlices: slices, hasEndpoints: endpoints)
                .map { String($0.collection.split(separator: "/").last ?? "") }
        }
        #expect(collections(direct, slices: true, endpoints: true) == ["services", "apiservices"])
        #expect(
            collections(routed, slices: false, endpoints: true) == ["services", "endpoints", "apiservices"])
        // From 1.33 on nobody reads Endpoints, and to write them is answered with a warning.
        #expect(
            collections(routed, slices: true, endpoints: false) == [
                "services", "endpointslices", "apiservices",
            ])
    }

    /// What stopped it first is what is told; what could not be removed is told beside it, and ends the run.
    @Test(arguments: [
        (BootstrapError("canary/stopped", "stopped"), "canary/stopped", "do it by hand"),
        (
            BootstrapError("kubectl/failed", "stopped", hint: "look"), "canary/left-behind",
            "look; do it by hand"
        ),
    ])
    func theFirstErrorIsKept(first: BootstrapError, code: String, hint: Message) {
        let second = BootstrapError(
            "canary/left-behind", "cannot remove", hint: "do it by hand", details: ["kubectl delete x"])
        let both = Canary.both(first, second)
        #expect(both.code == code && both.message == "stopped" && both.hint == hint)
        #expect(both.details == ["cannot remove", "kubectl delete x"])
    }

    @Test func takesNoOtherNames() {
        let (services, apiServices) = (CanaryManifests.services, CanaryManifests.apiServices)
        #expect(CanaryManifests.isReserved("v1.canary.aggbootstrap.io", in: apiServices))
        #expect(CanaryManifests.isReserved("v1beta1.canary.aggbootstrap.io", in: apiServices))
        #expect(!CanaryManifests.isReserved("v1.apps", in: apiServices))
        #expect(!CanaryManifests.isReserved("v1.mycanary.aggbootstrap.io", in: apiServices))
        #expect(CanaryManifests.isReserved("aggbootstrap-canary-12", in: services))
        #expect(!CanaryManifests.isReserved("aggbootstrap-canary-", in: services))
        #expect(!CanaryManifests.isReserved("aggbootstrap-canary-1a", in: services))
        #expect(!CanaryManifests.isReserved("kube-dns", in: services))
    }

    // MARK: - What is made of what it saw

    /// A CA as the embedded spec has it, and certificates of it.
    private struct World {
        let run: Run
        let directory: TemporaryDirectory
        let ca: Certificate
        private let caKey: PrivateKey

        init() throws {
            directory = try TemporaryDirectory()
            run = try Run(RunRequest(root: directory.file("tree")), effects: .real { _ in })
            caKey = try PrivateKey.generate(.ecdsa(bits: 256))
            var profile = CertificateCatalog.ca(run.spec)
            profile.key = .ecdsa(bits: 256)
            ca = try CertificateAuthority.issueCA(
                profile, key: caKey, validity: .init(profile.validity, at: CanaryTests.now),
                serial: try .random())
        }

        func leaf(_ commonName: String? = nil) throws -> Certificate {
            var profile = CertificateCatalog.proxyClient(run.spec)
            profile.key = .ecdsa(bits: 256)
            if let commonName { profile.commonName = commonName }
            return try CertificateAuthority.issueLeaf(
                profile, key: try .generate(.ecdsa(bits: 256)), ca: ca, caKey: caKey,
                validity: .init(profile.validity, at: CanaryTests.now, within: ca.summary.validity),
                now: CanaryTests.now,
                serial: try .random())
        }

        func proofs(
            _ presented: [Certificate], onDisk: Certificate?, bundle: [Certificate]? = nil,
            _ change: (inout CanarySighting) -> Void = { _ in }
        ) -> [Proof] {
            var sighting = CanarySighting(
                presented: presented.map(\.der), users: ["aggbootstrap-probe-a"],
                groups: ["system:authenticated"],
                expectedUser: "aggbootstrap-probe-a", isAnswered: true)
            change(&sighting)
            let node = run.nodes[0]
            return CanaryProver(controlPlanes: run.controlPlanes, now: CanaryTests.now).proofs(
                node, .seen(sighting), [.init(node: node.name, bundle: bundle ?? [ca], leaf: onDisk)])
        }
    }

    @Test func whatLiesThereAndVerifiesPasses() throws {
        let world = try World()
        let leaf = try world.leaf()
        let proofs = world.proofs([leaf], onDisk: leaf)
        #expect(proofs.map(\.outcome) == [.passed, .passed], "\(proofs)")
        #expect(proofs[1].text.contains("serial \(leaf.summary.serial)"))
    }

    /// A control plane whose CA cannot be read is not one that has none.
    @Test func aBundleThatCannotBeReadIsNamed() throws {
        let world = try World()
        let (leaf, files) = (try world.leaf(), world.run.spec.certificates)
        let folder = "tree/\(world.run.nodes[0].name)\(files.directory)"
        try FileManager.default.createDirectory(
            atPath: world.directory.file(folder), withIntermediateDirectories: true)
        try Data("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
            .write(to: URL(fileURLWithPath: world.directory.file("\(folder)/\(files.files.ca)")))
        let prover = CanaryProver(controlPlanes: world.run.controlPlanes, now: Self.now)
        let sighting = CanarySighting(
            presented: [leaf.der], users: ["aggbootstrap-probe-a"], groups: ["system:authenticated"],
            expectedUser: "aggbootstrap-probe-a", isAnswered: true)
        let proof = prover.proofs(world.run.nodes[0], .seen(sighting), try prover.installed())[1]
        #expect(proof.outcome == .failed)
        #expect(proof.text.contains("cannot be verified on \(world.run.nodes[0].name)"), "\(proof.text)")
    }

    @Test func aCertificateThatIsNotRightIsNamed() throws {
        let (world, other) = (try World(), try World())
        let leaf = try world.leaf()
        func judged(_ presented: [Certificate], onDisk: Certificate? = leaf, _ words: String) {
            let proof = world.proofs(presented, onDisk: onDisk)[1]
            #expect(proof.name == "presented-certificate")
            #expect(proof.outcome == .failed)
            #expect(proof.text.contains(words), "\(proof.text)")
        }
        judged([], "presented no certificate")
        let foreign = try other.leaf()
        judged([foreign], onDisk: foreign, "does not verify on \(world.run.nodes[0].name)")
        // The CA comes along, and is still nobody's.
        judged([foreign, other.ca], onDisk: foreign, "does not verify")
        judged([try world.leaf("somebody")], "is not in ")
        judged(
            [try world.leaf()],
            "the node's file has serial \(leaf.summary.serial), which it has not loaded")
        #expect(world.proofs([leaf], onDisk: leaf, bundle: [])[1].outcome == .notProven)
    }

    @Test func aRequestThatComesAsSomebodyElseFails() throws {
        let world = try World()
        let leaf = try world.leaf()
        func outcome(_ change: (inout CanarySighting) -> Void) -> Proof.Verdict {
            world.proofs([leaf], onDisk: leaf, bundle: nil, change)[0].outcome
        }
        #expect(outcome { $0.expectedUser = nil } == .passed)
        #expect(outcome { $0.users = ["system:admin"] } == .failed)
        #expect(outcome { $0.users = [] } == .failed)
        #expect(outcome { $0.users = ["aggbootstrap-probe-a", "b"] } == .failed)
        #expect(outcome { $0.groups = ["system:unauthenticated"] } == .failed)
        #expect(outcome { $0.isAnswered = false } == .failed)
    }
}
