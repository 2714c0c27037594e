// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Prometheus' own checker accepts the metrics.
@Suite(.enabled(if: promtool != nil, "promtool is missing: scripts/need.sh test unpacks it"))
struct PromtoolTests {
    /// What promtool has against a text; empty where it has nothing.
    private func faults(in text: String) throws -> String {
        let directory = try TemporaryDirectory()
        try directory.write(text, to: "it.prom")
        let result = try run(
            "bash", ["-c", "\"$0\" check metrics <it.prom", try #require(promtool)],
            currentDirectory: directory.path)
        let said = result.stdout + result.stderr
        return result.status == 0 ? said : "\(result.status): \(said)"
    }

    @Test func everyTextfileIsAccepted() throws {
        let fleet = try Fleet()
        let name = #"b\\s\"q,{}é"#
        try fleet.add(
            "odd", Fleet.spec("odd", ["cp1"], #""certificates": { "ca": { "commonName": "\#(name)" } },"#))
        for entry in ["rotation-begin"] {
            let line =
                "{\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"\(entry)\",\"keep\":\"x\",\"retire\":\"y\"}"
            #expect(
                try shell("echo '\(line)' >>out/odd/.state/ledger.jsonl", in: fleet.directory).status == 0)
        }
        let fine = try fleet.status(["-o", "prometheus"]).stdout
        #expect(try faults(in: fine) == "")
        #expect(fine.contains(#"subject_CN="b\\s\"q,{}é"#), "\(fine)")
        let damage = """
            rm out/berlin/cp1/etc/kubernetes/ssl/aggregator.pem
            mv out/shanghai/cp3 out/shanghai/real; ln -s real out/shanghai/cp3
            """
        #expect(try shell(damage, in: fleet.directory).status == 0)
        try fleet.directory.write("{ \"apiVersion\": \"aggbootstrap/v1\" }", to: #"clusters/b"a\d.json"#)
        #expect(try faults(in: fleet.status(["-o", "prometheus"], is: 65).stdout) == "")
        let alone = try aggbootstrap(
            ["status", "--root", "out/odd", "--spec", "clusters/odd.json", "-o", "prometheus"],
            in: fleet.directory)
        #expect(try faults(in: alone.stdout) == "")
        // It can fail.
        #expect(
            try faults(
                in: fine.replacing("# TYPE x509_cert_expired gauge", with: "# TYPE x509_cert_expired gage"))
                != "")
        #expect(try faults(in: fine + fine) != "")
    }
}

/// The machine's own promtool, else the one that `make test` has unpacked: the package would start a server.
let promtool: String? = {
    let environment = ProcessInfo.processInfo.environment
    let cache = environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "")/.cache"
    let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return (folders + ["\(cache)/aggbootstrap-lab/prometheus/usr/bin"]).map { "\($0)/promtool" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }
}()
