// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ControlPlane
@testable import Planning
@testable import Proofs
@testable import Spec

/// Who the servers of a Service are, and what a cluster's API offers to find them.
@Suite struct ServiceEndpointsTests {
    private func json(_ text: String) throws -> LocatedJSON { try LocatedJSON.parse(Array(text.utf8)) }

    /// One line a place: `ADDRESS:PORT`, with a minus sign where it is not ready.
    private func places(_ places: [ServiceEndpoints.Place]) -> [String] {
        places.map { "\($0.address):\($0.port.map(String.init) ?? "?")\($0.isReady ? "" : " -")" }
    }

    @Test func allSlicesAndFamiliesCount() throws {
        let list = try json(
            """
            {"items": [
              {"addressType": "IPv4", "ports": [{"name": "https", "port": 8443}, {"name": "metrics", "port": 9}],
               "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true}},
                             {"addresses": ["10.0.0.2"], "conditions": {"ready": false, "serving": true}},
                             {"addresses": ["10.0.0.3"]}]},
              {"addressType": "IPv4", "ports": [{"name": "https", "port": 8444}],
               "endpoints": [{"addresses": ["10.0.0.2"], "conditions": {}}]},
              {"addressType": "IPv6", "ports": [{"name": "https", "port": 8443}],
               "endpoints": [{"addresses": ["fd00::1"], "conditions": {"ready": null}}]},
              {"addressType": "IPv6", "ports": null, "endpoints": null}
            ]}
            """)
        #expect(
            places(ServiceEndpoints.places(inSlices: list, port: "https")) == [
                "10.0.0.1:8443", "10.0.0.2:8443 -", "10.0.0.2:8444", "10.0.0.3:8443", "fd00::1:8443",
            ])
    }

    /// A place that is listed twice is one, and ready where one of the two says so.
    @Test func aPlaceIsListedOnce() throws {
        let list = try json(
            """
            {"items": [
              {"ports": [{"port": 443}], "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": false}}]},
              {"ports": [{"port": 443}], "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true}}]}
            ]}
            """)
        #expect(places(ServiceEndpoints.places(inSlices: list, port: "")) == ["10.0.0.1:443"])
    }

    @Test(arguments: [
        (#"[{"name": "a", "port": 1}, {"name": "b", "port": 2}]"#, "b", "10.0.0.1:2"),
        (#"[{"name": "a", "port": 1}, {"name": "b", "port": 2}]"#, "c", "10.0.0.1:?"),
        (#"[{"name": "a", "port": 1}]"#, "", "10.0.0.1:1"), (#"[{"port": 1}]"#, "", "10.0.0.1:1"),
        ("[]", "a", "10.0.0.1:?"),
    ])
    func thePortIsTheOneOfThatName(ports: String, name: String, place: String) throws {
        let slices = try json(
            #"{"items": [{"ports": \#(ports), "endpoints": [{"addresses": ["10.0.0.1"]}]}]}"#)
        let endpoints = try json(#"{"subsets": [{"ports": \#(ports), "addresses": [{"ip": "10.0.0.1"}]}]}"#)
        #expect(places(ServiceEndpoints.places(inSlices: slices, port: name)) == [place])
        #expect(places(ServiceEndpoints.places(inEndpoints: endpoints, port: name)) == [place])
    }

    @Test func endpointsThatAreNotReadyAreListed() throws {
        let object = try json(
            """
            {"subsets": [{"ports": [{"port": 443}], "addresses": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}],
                          "notReadyAddresses": [{"ip": "10.0.0.2"}]}]}
            """)
        #expect(
            places(ServiceEndpoints.places(inEndpoints: object, port: "")) == [
                "10.0.0.1:443", "10.0.0.2:443 -", "fd00::1:443",
            ])
        #expect(ServiceEndpoints.places(inEndpoints: try json(#"{"subsets": null}"#), port: "").isEmpty)
        #expect(ServiceEndpoints.places(inSlices: try json(#"{"items": []}"#), port: "").isEmpty)
    }

    @Test(arguments: [
        (#"{"version": "v1"}, {"version": "v1beta1"}"#, "v1"), (#"{"version": "v1beta1"}"#, "v1beta1"),
        (#"{"version": "v2"}"#, nil), ("", nil),
    ])
    func theNewestSlicesThatTheAPIHas(versions: String, wanted: String?) throws {
        let groups = try json(
            #"{"groups": [{"name": "apps", "versions": [{"version": "v1"}]}, {"name": "discovery.k8s.io", "versions": [\#(versions)]}]}"#
        )
        #expect(ClusterAPI.slices(in: groups) == wanted)
        #expect(ClusterAPI.slices(in: try json(#"{"groups": []}"#)) == nil)
    }

    /// Up to 1.32 an aggregator reads Endpoints; what does not say its version may be such a one.
    @Test func endpointsAreReadUpTo132() throws {
        func version(_ text: String) throws -> KubernetesVersion? { ClusterAPI.version(in: try json(text)) }
        let old = try version(#"{"major": "1", "minor": "32+"}"#)
        let new = try version(#"{"major": "1", "minor": "33"}"#)
        #expect(old == KubernetesVersion(major: 1, minor: 32) && ClusterAPI.readsEndpoints(old))
        #expect(new == KubernetesVersion(major: 1, minor: 33) && !ClusterAPI.readsEndpoints(new))
        #expect(try version("{}") == nil && ClusterAPI.readsEndpoints(nil))
    }

    @Test func addressesAreComparedInOneForm() {
        #expect(MachineAddresses.canonical("FD00:0::0250") == "fd00::250")
        #expect(MachineAddresses.canonical("cp1.example.org") == "cp1.example.org")
    }

    @Test func everyAPIThatIsListed() throws {
        let list = try json(
            """
            {"groups": [{"name": "a.example", "versions": [{"groupVersion": "a.example/v1"}, {"groupVersion": "a.example/v2"}]},
                        {"name": "b.example", "versions": [{"groupVersion": "b.example/v1"}]}, {"name": "c"}]}
            """)
        #expect(
            ServiceCheck.services(in: list).map(\.path) == [
                "/apis/a.example/v1", "/apis/a.example/v2", "/apis/b.example/v1",
            ])
    }
}
