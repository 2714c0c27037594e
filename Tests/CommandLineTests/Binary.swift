// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The program as it was built, which lies beside the test bundle.
enum Binary {
    static func path() throws -> String {
        let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        let candidates = ([bundle] + CommandLine.arguments)
            .map { URL(fileURLWithPath: $0).deletingLastPathComponent().path + "/aggbootstrap" }
        return try #require(candidates.first { FileManager.default.isExecutableFile(atPath: $0) })
    }

    /// Variables of the caller that would change what a test sees are left out.
    static func environment(_ more: [String: String] = [:]) -> [String: String] {
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("AGGBOOTSTRAP_") }
        return inherited.merging(more) { $1 }
    }
}

/// Runs the program in `directory`.
func aggbootstrap(
    _ arguments: [String], in directory: TemporaryDirectory, environment: [String: String] = [:]
) throws -> ProgramResult {
    try run(
        try Binary.path(), arguments, environment: Binary.environment(environment),
        currentDirectory: directory.path)
}

/// Runs a shell line in `directory` with the program as `$A`.
func shell(_ line: String, in directory: TemporaryDirectory) throws -> ProgramResult {
    try run(
        "bash", ["-c", line], environment: Binary.environment(["A": try Binary.path()]),
        currentDirectory: directory.path)
}

/// Three control planes with a certificate each; ECDSA, since it is quick.
let threeNodes = """
    {
      "apiVersion": "aggbootstrap/v1",
      "cluster": "shanghai",
      "nodes": [
        { "name": "cp1", "address": "10.0.0.1" },
        { "name": "cp2", "address": "10.0.0.2" },
        { "name": "cp3", "address": "10.0.0.3" }
      ]
    }
    """

/// What is wrong with a node's three files as openssl(1) sees them; empty where a pair verifies under its CA.
func problemsOfPair(_ node: String, in directory: TemporaryDirectory) throws -> String {
    let line = """
        cd \(node)/etc/kubernetes/ssl || exit 1
        openssl verify -CAfile aggregator-ca.pem -purpose sslclient aggregator.pem >/dev/null || exit 1
        cmp <(openssl x509 -in aggregator.pem -noout -pubkey) <(openssl pkey -in aggregator-key.pem -pubout)
        """
    let result = try shell(line, in: directory)
    return result.status == 0 ? "" : "\(result.status): \(result.stdout)\(result.stderr)"
}

/// What a killed run may have left behind below `directory`.
func leftovers(in directory: TemporaryDirectory) throws -> String {
    try shell("find . -name '*.aggbootstrap-tmp' -o -name '.unfinished-*'", in: directory).stdout
}
