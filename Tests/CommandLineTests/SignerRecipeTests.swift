// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The recipes of docs/how-to/external-ca.md that are said to be tested, with the real programs: a cluster is brought up, renewed
/// and given another CA through each.
@Suite(.serialized) struct SignerRecipeTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// The block of the page with this word behind its language.
    private func block(_ name: String) throws -> String {
        let checkout = #filePath.components(separatedBy: "/Tests/")[0]
        let page = try String(contentsOfFile: "\(checkout)/docs/how-to/external-ca.md", encoding: .utf8)
        let start = try #require(page.firstMatch(of: try Regex("(?m)^```\\w+ \(name)\n")), "\(name)")
        let rest = page[start.range.upperBound...]
        return String(rest[..<(try #require(rest.range(of: "\n```")).lowerBound)]) + "\n"
    }

    private func sh(_ script: String) throws -> String {
        let result = try shell("set -e -o pipefail; \(script)", in: directory)
        try #require(result.status == 0, "\(script): \(result.stdout)\(result.stderr)")
        return result.stdout
    }

    private func makeCA() throws {
        _ = try sh(
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca-key.pem -out ca.pem \
                -days 3650 -subj "/O=example/CN=requestheader" -addext keyUsage=critical,keyCertSign,cRLSign
            """)
    }

    private func writeSpec(command: String, proxyClient: String = #""validity": "1y""#) throws {
        try directory.write(
            """
            { "apiVersion": "aggbootstrap/v1", "cluster": "demo", "apiServer": { "flags": ["--secure-port=6443"] },
              "certificates": { "ca": { "certificate": "ca.pem", "signer": { "command": \(command) } },
                "proxyClient": { "names": { "O": "k8s", "OU": "System" }, \(proxyClient) } },
              "nodes": [{ "name": "cp1", "address": "10.0.0.1" }, { "name": "cp2", "address": "10.0.0.2" }] }
            """, to: "aggbootstrap.json")
    }

    /// What is there after `init` and after `rotate`.
    private func expectRounds(at location: SourceLocation = #_sourceLocation) throws {
        for command in ["init", "rotate"] {
            let result = try aggbootstrap([command, "--root", "out"], in: directory)
            try #require(result.status == 0, "\(result.stdout)\(result.stderr)", sourceLocation: location)
            for node in ["cp1", "cp2"] {
                #expect(try problemsOfPair("out/\(node)", in: directory) == "", sourceLocation: location)
                _ = try sh("cmp ca.pem out/\(node)/etc/kubernetes/ssl/aggregator-ca.pem")
            }
            let plan = try aggbootstrap(["plan", "--root", "out", "--detailed-exitcode"], in: directory)
            #expect(plan.status == 0, "\(plan.stdout)\(plan.stderr)", sourceLocation: location)
        }
        #expect(try sh("ls out/.state/leaves/cp1 | wc -l") == "2\n", sourceLocation: location)
        // The CA's key was never here, and no key of a proxy client was there.
        #expect(try sh("ls out/.state/ca/*").contains("ca-key.pem") == false, sourceLocation: location)
    }

    @Test func opensslX509() throws {
        try makeCA()
        try writeSpec(command: try block("sign-openssl-x509"))
        try expectRounds()
    }

    @Test func opensslCA() throws {
        try makeCA()
        try directory.write(try block("ca.cnf"), to: "ca.cnf")
        _ = try sh("mkdir certs; : >index.txt")
        try writeSpec(
            command: try block("sign-openssl-ca"),
            proxyClient: #""hosts": ["127.0.0.1", "kubernetes.default"], "key": { "algorithm": "rsa" }"#)
        try expectRounds()
        #expect(try sh("wc -l <index.txt") == "4\n")
    }

    @Test(arguments: ["sign-cfssl", "sign-cfssl-curl"]) func cfsslServe(recipe: String) throws {
        try makeCA()
        try directory.write(try block("config.json"), to: "config.json")
        let port = Int.random(in: 20_000..<30_000)
        try directory.write(try block(recipe).replacing(":8888", with: ":\(port)"), to: "sign")
        try writeSpec(command: #"["\#(directory.file("sign"))"]"#)
        let pid = try sh(
            """
            chmod +x sign
            # Foundation waits until nobody has its own descriptors any more.
            for file in /proc/$BASHPID/fd/*; do
                [ "${file##*/}" -le 2 ] || eval "exec ${file##*/}>&-"
            done
            cfssl serve -address 127.0.0.1 -port \(port) -ca ca.pem -ca-key ca-key.pem -config config.json \
                >serve.log 2>&1 </dev/null & echo $!
            """
        ).trimmingCharacters(in: .whitespacesAndNewlines)
        defer { _ = try? sh("kill \(pid) 2>/dev/null || true") }
        _ = try sh(
            "for i in $(seq 100); do (: </dev/tcp/127.0.0.1/\(port)) 2>/dev/null && exit; sleep 0.1; done; exit 1"
        )
        try expectRounds()
        // It is away: its error is shown, and nothing has changed.
        let files = "find out -type f ! -name lock -exec sha256sum {} + | sort"
        _ = try sh(
            "kill \(pid); for i in $(seq 100); do kill -0 \(pid) 2>/dev/null || break; sleep 0.1; done")
        let before = try sh(files)
        let away = try aggbootstrap(["rotate", "--root", "out"], in: directory)
        #expect(away.status == 1 && away.stderr.contains("signer/failed"), "\(away.stderr)")
        #expect(away.stderr.lowercased().contains("connect"), "\(away.stderr)")
        #expect(try sh(files) == before)
    }
}
