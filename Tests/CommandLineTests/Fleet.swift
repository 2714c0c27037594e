// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Two clusters whose specs lie in one directory, and whose nodes below `out/CLUSTER/` have what the specs say.
struct Fleet {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try add("shanghai", threeNodes)
        try directory.write(
            "[Service]\nExecStart=/usr/bin/kube-apiserver --secure-port=6443\n",
            to: "out/berlin/cp1/etc/systemd/system/kube-apiserver.service")
        try add("berlin", Self.spec("berlin", ["cp1"]))
        // Not every JSON file there is a spec.
        try directory.write("{ \"apiVersion\": \"v1\", \"kind\": \"List\" }", to: "clusters/list.json")
        try directory.write("{ \"title\": \"aggbootstrap/v1 cluster spec\" }", to: "clusters/schema.json")
        try directory.write("{ broken", to: "clusters/other.json")
        try directory.write(threeNodes, to: "clusters/.hidden.json")
        try directory.write(threeNodes, to: "clusters/shanghai.json.orig")
        try directory.write("", to: "clusters/deeper.json/file")
    }

    static func spec(_ cluster: String, _ nodes: [String], _ members: String = "") -> String {
        let list = nodes.map { "{ \"name\": \"\($0)\", \"address\": \"\($0).example.org\" }" }
        return """
            { "apiVersion": "aggbootstrap/v1", "cluster": "\(cluster)", \(members)
              "nodes": [\(list.joined(separator: ", "))] }
            """
    }

    /// Writes a spec and does what it says.
    func add(_ cluster: String, _ spec: String) throws {
        try directory.write(spec, to: "clusters/\(cluster).json")
        let made = try aggbootstrap(
            ["init", "--quiet", "--spec", "clusters/\(cluster).json", "--root", "out/\(cluster)"],
            in: directory)
        try #require(made.status == 0, "\(made.stdout)\(made.stderr)")
    }

    func status(
        _ arguments: [String] = [], specs: [String] = ["clusters"], is expected: Int32 = 0
    ) throws -> ProgramResult {
        let result = try aggbootstrap(
            ["status"] + specs.flatMap { ["--spec", $0] } + ["--root", "out"] + arguments, in: directory)
        #expect(result.status == expected, "\(result.stdout)\(result.stderr)")
        return result
    }

    func json(_ arguments: [String] = [], is expected: Int32 = 0) throws -> [String: Any] {
        let text = try status(["-o", "json"] + arguments, is: expected).stdout
        return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    func page(_ arguments: [String] = [], is expected: Int32 = 0) throws -> String {
        _ = try status(["--html", "page.html"] + arguments, is: expected)
        return try String(contentsOfFile: directory.file("page.html"), encoding: .utf8)
    }
}
