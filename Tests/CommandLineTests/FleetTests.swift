// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `status` of many clusters.
@Suite struct FleetTests {
    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map(String.init)
    }

    @Test func allClustersInOneOutput() throws {
        let fleet = try Fleet()
        for specs in [["clusters"], ["clusters/berlin.json", "clusters/shanghai.json"]] {
            let shown = lines(try fleet.status(specs: specs).stdout)
            #expect(shown.last == "fine: 2 clusters, 4 control planes as the specs say", "\(shown)")
            #expect(
                shown.count { $0.hasPrefix("cluster ") } == 2 && shown.count { $0.hasPrefix("fine: ") } == 3)
        }
        // A file that is named twice is one cluster; one file alone is no fleet, and a directory of one is.
        let twice = ["clusters/berlin.json", "./clusters/../clusters/berlin.json"]
        #expect(
            lines(try fleet.status(specs: twice).stdout).last
                == "fine: 1 cluster, 1 control plane as the specs say")
        let alone = try aggbootstrap(
            ["status", "--spec", "clusters/berlin.json", "--root", "out/berlin"], in: fleet.directory)
        #expect(alone.status == 0 && lines(alone.stdout).last == "fine: 1 control plane as the spec says")
        let variable = try aggbootstrap(
            ["status", "--root", "out"], in: fleet.directory, environment: ["AGGBOOTSTRAP_SPEC": "clusters"])
        #expect(lines(variable.stdout).last == "fine: 2 clusters, 4 control planes as the specs say")
    }

    @Test func oneDocumentAndOneTextfile() throws {
        let fleet = try Fleet()
        let document = try fleet.json()
        let clusters = try #require(document["clusters"] as? [[String: Any]])
        #expect(clusters.map { $0["cluster"] as? String } == ["berlin", "shanghai"])
        #expect(clusters.map { $0["spec"] as? String } == ["clusters/berlin.json", "clusters/shanghai.json"])
        #expect(clusters.map { ($0["nodes"] as? [Any])?.count } == [1, 3])
        #expect(document["differs"] as? Bool == false && (document["errors"] as? [Any])?.isEmpty == true)
        let text = try fleet.status(["-o", "prometheus"]).stdout
        for (cluster, nodes) in [("berlin", 1), ("shanghai", 3)] {
            let samples = lines(text).filter { $0.contains("{cluster=\"\(cluster)\"") }
            #expect(
                samples.count { $0.hasPrefix("aggbootstrap_node_readable{") && $0.hasSuffix(" 1") } == nodes)
            #expect(samples.count { $0.hasPrefix("x509_cert_not_after{") } == 2 * nodes)
        }
        #expect(lines(text).count { $0.hasPrefix("# TYPE x509_cert_not_after ") } == 1)
        #expect(text.contains("aggbootstrap_spec_readable{spec=\"clusters/berlin.json\"} 1\n"))
    }

    /// Each is an error of its own and hides none of the others; the exit status says it.
    @Test(arguments: [
        (
            "broken.json", "{ \"apiVersion\": \"aggbootstrap/v1\", \"cluster\": \"x\", }", 65,
            "clusters/broken.json"
        ),
        (
            "broken.json", "{ \"apiVersion\": \"aggbootstrap/v9\", \"cluster\": \"x\" }", 65,
            "clusters/broken.json"
        ),
        ("broken.json", Fleet.spec("x", ["cp1"], "\"colour\": 1,"), 65, "unknown key"),
        ("copy.json", Fleet.spec("x", ["cp1"]), 1, "[state/damaged]"),
    ])
    func oneThatCannotBeRead(name: String, text: String, status: Int32, said: String) throws {
        let fleet = try Fleet()
        try fleet.directory.write(text, to: "clusters/\(name)")
        try fleet.directory.write("{}\n", to: "out/x/.state/ledger.jsonl")
        try fleet.directory.write("x\n", to: "out/x/.state/cluster")
        try fleet.directory.write("", to: "out/x/cp1/etc/hosts")
        let result = try fleet.status(is: status)
        #expect(result.stderr.contains(said), "\(result.stderr)")
        #expect(result.stderr.contains(status == 65 ? "clusters/\(name)" : "cluster x"), "\(result.stderr)")
        #expect(lines(result.stdout).count { $0.hasPrefix("cluster ") } == 2, "\(result.stdout)")
        #expect(lines(result.stdout).last == "look: 1 spec could not be read")
        let document = try fleet.json(is: status)
        let errors = try #require(document["errors"] as? [[String: Any]])
        #expect(errors.map { $0["spec"] as? String } == ["clusters/\(name)"])
        #expect((document["clusters"] as? [Any])?.count == 2 && document["differs"] as? Bool == true)
        #expect(document["exitStatus"] as? Int == Int(status))
        let metrics = try fleet.status(["-o", "prometheus"], is: status).stdout
        #expect(metrics.contains("aggbootstrap_spec_readable{spec=\"clusters/\(name)\"} 0\n"), "\(metrics)")
        #expect(try fleet.page(is: status).contains("clusters/\(name)"))
    }

    @Test func twoSpecsOfOneCluster() throws {
        let fleet = try Fleet()
        try fleet.directory.write(Fleet.spec("berlin", ["cp7"]), to: "clusters/copy.json")
        let result = try fleet.status(is: 65)
        for (one, other) in [("berlin", "copy"), ("copy", "berlin")] {
            #expect(
                result.stderr.contains(
                    "error: clusters/\(one).json and clusters/\(other).json are both specs of cluster berlin, so it is "
                        + "not read [spec/same-cluster]\n"), "\(result.stderr)")
        }
        #expect(!result.stdout.contains("cluster berlin") && result.stdout.contains("cluster shanghai"))
        #expect(lines(result.stdout).last == "look: 2 specs could not be read")
    }

    @Test func whatOneClusterHas() throws {
        let fleet = try Fleet()
        #expect(
            try shell("rm out/berlin/cp1/etc/kubernetes/ssl/aggregator.pem", in: fleet.directory).status == 0)
        let shown = lines(try fleet.status().stdout)
        #expect(shown.last == "look: 1 cluster: berlin", "\(shown)")
        #expect(lines(try fleet.status(["--warn-before", "1h"], is: 4).stdout).last == shown.last)
    }

    @Test func whereTheStatesAre() throws {
        let fleet = try Fleet()
        #expect(
            try shell(
                "mkdir states; for c in berlin shanghai; do mv out/$c/.state states/$c; done",
                in: fleet.directory
            )
            .status == 0)
        #expect(try fleet.status().stdout.contains("the state directory holds no CA"))
        let shown = try fleet.status(["--state", "states"]).stdout
        #expect(shown.contains("cluster berlin, state states/berlin\n"), "\(shown)")
        let variable = try aggbootstrap(
            ["status", "--spec", "clusters", "--root", "out"], in: fleet.directory,
            environment: ["AGGBOOTSTRAP_STATE": "states"])
        #expect(lines(variable.stdout).last == "fine: 2 clusters, 4 control planes as the specs say")
    }

    @Test func whatIsRefused() throws {
        let fleet = try Fleet()
        #expect(try shell("mkdir empty", in: fleet.directory).status == 0)
        let empty = try fleet.status(specs: ["clusters", "empty"], is: 65)
        #expect(empty.stderr.contains("there is no spec in empty: ") && empty.stdout == "", "\(empty.stderr)")
        #expect(try fleet.status(["--limit", "cp1"], is: 64).stderr.contains("[usage/limit-of-many]"))
        #expect(try fleet.status(specs: ["clusters", ""], is: 64).stderr.contains("[usage/empty-path]"))
        let missing = try fleet.status(specs: ["clusters", "none.json"], is: 65)
        #expect(missing.stderr.contains("[spec/missing]") && missing.stdout.contains("cluster berlin"))
    }
}
