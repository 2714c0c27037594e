// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What programs read is the same in each language, byte for byte.
@Suite struct ChineseOutputTests {
    private static let faketime =
        "env TZ=UTC NO_FAKE_STAT=1 faketime --exclude-monotonic -f '2026-01-01 12:00:00'"

    private let directory: TemporaryDirectory

    /// A tree with a key that is not the certificate's, and a spec with problems.
    init() throws {
        directory = try TemporaryDirectory()
        let setUp = """
            \(Self.faketime) $A init --quiet --root out &&
            openssl genpkey -algorithm ed25519 -out out/cp1/etc/kubernetes/ssl/aggregator-key.pem &&
            echo '{ "apiVersion": "aggbootstrap/v1", "cluster": "Shanghai", "nodes": [] }' >bad.json
            """
        let made = try shell(setUp, in: directory)
        try #require(made.status == 0, "\(made.stderr)")
    }

    @Test(arguments: [
        "plan --root out -o json", "status --root out -o json", "status --root out -o prometheus",
        "verify --root out -o json", "verify --root out -o junit", "verify --root out -o gitlab",
        "verify --offline out -o json", "verify --offline out -o sarif", "verify --offline out -o junit",
        "verify --offline out -o gitlab", "spec validate bad.json -o json", "plan --spec bad.json -o json",
        "plan --spec missing.json -o json", "plan --frobnicate -o json",
        "init --root out --limit cp9 -o json",
        "state show --root out -o json", "spec schema", "status --schema", "spec init", "version -o json",
        "completion bash", "--experimental-dump-help",
        "verify --root out -o github", "verify --offline out -o github",
        "status --root out --html page.html >/dev/null && cat page.html",
        "init --root out -o json --dry-run", "status --root out --output table && cat table",
    ])
    func programsReadTheSame(line: String) throws {
        let outputs = try ["LC_ALL=C.UTF-8", "LC_ALL=zh_CN.UTF-8", "LANGUAGE=zh_CN LC_ALL=en_US.UTF-8"].map {
            let result = try shell("\($0) \(Self.faketime) $A \(line)", in: directory)
            #expect(!result.stdout.isEmpty, "\(result.stderr)")
            return "\(result.stdout)\(result.status)"
        }
        #expect(outputs[1] == outputs[0])
        #expect(outputs[2] == outputs[0])
    }
}
