// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import LocalFiles
@testable import NodeAccess
@testable import Operations
@testable import Spec

@Suite struct ScheduleRequestTests {
    static let spec = """
        { "apiVersion": "aggbootstrap/v1", "cluster": "lab", "nodes": [
          { "name": "cp1", "address": "192.0.2.1" }, { "name": "cp2", "address": "2001:db8::2" },
          { "name": "cp3", "address": "master-3.example" }, { "name": "cp4", "address": "master-4" }] }
        """

    /// Whether this machine is a control plane of the spec, by its addresses and its name.
    @Test(
        arguments: [
            ([], "operator", nil), (["192.0.2.9", "2001:db8::9"], "operator.example", nil),
            (["192.0.2.9", "192.0.2.1"], "operator", "cp1"), (["2001:db8::2"], "operator", "cp2"),
            ([], "master-3.example", "cp3"), ([], "master-4.example", "cp4"), ([], "master-3", nil),
            ([], "cp1", nil),
        ] as [([String], String, String?)])
    func ownNode(addresses: [String], hostName: String, node: String?) throws {
        let spec = try ClusterSpec.parse(Array(Self.spec.utf8), fileName: "cluster.json")
        let found = ScheduleRequest.ownNode(
            spec, addresses: Set(addresses.compactMap(IPAddress.parse)), hostName: hostName)
        #expect(found?.name == node)
    }

    /// As hostname(1) says it, and without loopback.
    @Test func theAddressesOfThisMachine() throws {
        let wanted = try run("hostname", ["--all-ip-addresses"]).stdout.split(whereSeparator: \.isWhitespace)
        let found = try LocalHost.addresses()
        #expect(Set(wanted.compactMap { IPAddress.parse(String($0)) }).isSubset(of: found))
        #expect(!found.contains { ["127.0.0.1", "::1"].contains($0.description) })
    }

    @Test(arguments: [
        ("/a/b", "/a/b"), ("/a//b/./c/", "/a/b/c"), ("/a/../b", "/b"), ("/..", "/"), ("/", "/"),
    ])
    func absolute(path: String, wanted: String) throws {
        #expect(try LocalHost.absolute(path) == wanted)
    }

    @Test func relativePathsBeginHere() throws {
        let here = try LocalHost.absolute(".")
        #expect(here.hasPrefix("/"))
        #expect(try LocalHost.absolute("x/../y") == "\(here)/y")
    }
}
