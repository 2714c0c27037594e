// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `verify --as-request`: whom each kube-apiserver would take a request for.
@Suite struct RequestCommandTests {
    private let directory: TemporaryDirectory
    private static let common = ["verify", "--spec", "cluster.json", "--root", "out", "--state", "state"]
    private static let client = "out/cp1/etc/kubernetes/ssl/aggregator.pem"

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        for node in ["cp1", "cp2", "cp3"] {
            let folder = "out/\(node)/etc/systemd/system"
            try FileManager.default.createDirectory(
                atPath: directory.file(folder), withIntermediateDirectories: true)
            try directory.write(
                "[Service]\nExecStart=/usr/bin/kube-apiserver --authorization-mode=RBAC --client-ca-file=/etc/ca.pem\n",
                to: "\(folder)/kube-apiserver.service")
        }
        let made = try aggbootstrap(
            ["init", "--spec", "cluster.json", "--root", "out", "--state", "state"], in: directory)
        try #require(made.status == 0, "\(made.stderr)")
        let ca = try shell(
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=client-ca -keyout ca-key.pem \
                -out ca.pem && for node in cp1 cp2 cp3; do cp ca.pem out/$node/etc/ca.pem; done
            """, in: directory)
        try #require(ca.status == 0, "\(ca.stderr)")
    }

    private func judge(_ arguments: [String], is status: Int32 = 0) throws -> ProgramResult {
        let result = try aggbootstrap(Self.common + ["--quiet"] + arguments, in: directory)
        #expect(result.status == status, "\(result.stdout)\(result.stderr)")
        return result
    }

    @Test func alikeControlPlanesAreOneAnswer() throws {
        let result = try judge([
            "--as-request", Self.client, "--header", "X-Remote-User: alice", "--header",
            "X-Remote-Group: dev",
        ])
        #expect(
            result.stdout.hasSuffix(
                "cp1, cp2, cp3: kube-apiserver takes it for user alice, groups dev, system:authenticated "
                    + "(by requestheader CA)\n"), "\(result.stdout)")
        let refused = try judge(["--as-request", Self.client], is: 4).stdout
        #expect(
            refused.hasSuffix("cp1, cp2, cp3: kube-apiserver refuses it: 401 Unauthorized (status 4)\n"),
            "\(refused)")
        #expect(refused.contains("FAIL client CA"), "\(refused)")
    }

    @Test func controlPlanesThatDisagree() throws {
        let edited = try shell(
            "sed -i s/allowed-names=aggregator/allowed-names=other/ out/cp3/etc/systemd/system/*.d/*.conf",
            in: directory)
        try #require(edited.status == 0)
        let text = try judge(["--as-request", Self.client, "--header", "X-Remote-User: alice"], is: 4).stdout
        #expect(text.contains("cp3: kube-apiserver refuses it"), "\(text)")
        #expect(text.hasSuffix("the control planes do not agree (status 4)\n"), "\(text)")
        let json = try judge(
            ["--as-request", Self.client, "--header", "X-Remote-User: alice", "-o", "json"], is: 4
        ).stdout
        let document = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let nodes = try #require(document["nodes"] as? [[String: Any]])
        #expect(nodes.map { $0["outcome"] as? String } == ["user", "user", "unauthorized"])
        #expect((nodes[0]["user"] as? [String: Any])?["username"] as? String == "alice")
    }

    @Test(arguments: [
        (["--header", "X-Remote-User: a"], "usage/arguments"),
        (["--as-request", "nowhere.pem"], "usage/no-such-file"),
        (["--as-request", Self.client, "--header", "X-Remote-User"], "usage/header"),
        (["--as-request", Self.client, "--canary"], "usage/arguments"),
    ])
    func aWrongCommandLine(_ arguments: [String], _ code: String) throws {
        let text = try judge(arguments, is: 64).stderr
        #expect(text.contains("[\(code)]"), "\(text)")
    }

    /// Each says what to do about what it is.
    @Test(arguments: [
        (": >file", "begins with -----BEGIN CERTIFICATE-----"),
        ("echo text >file", "begins with -----BEGIN CERTIFICATE-----"),
        ("openssl x509 -in $C -outform DER -out file", "openssl x509 -inform DER -in file"),
        (
            "openssl pkcs12 -export -in $C -inkey $K -passout pass:x -out file",
            "openssl pkcs12 -in file -clcerts -nokeys"
        ),
        ("openssl crl2pkcs7 -nocrl -certfile $C -out file", "openssl pkcs7 -print_certs -in file"),
        ("cp $K file", "it is a private key; give the certificate"),
        ("openssl req -new -key $K -subj /CN=x -out file", "it is a request"),
        ("sed 's/CERTIFICATE/TRUSTED &/' $C >file", "openssl x509 -in file"),
        ("head -c 300 $C >file", "begins with"),
        ("(printf '\\357\\273\\277'; cat $C) >file", "without a byte order mark"),
        ("echo '  client-certificate-data: TUlJ' >file", "it is a kubeconfig"),
        ("mkdir file", "use another path"),
        ("mkfifo file", "use another path"), ("truncate -s 2M file", "check that it is the right file"),
    ])
    func whatIsNoCertificate(_ make: String, _ hint: String) throws {
        let made = try shell("C=\(Self.client); K=${C%.pem}-key.pem\n\(make)", in: directory)
        try #require(made.status == 0, "\(made.stderr)")
        let text = try judge(["--as-request", "file"], is: 1).stderr
        #expect(
            text.contains("error: cannot read ") && text.contains("hint: ") && text.contains(hint), "\(text)")
    }

    @Test func aTokenIsNotPrinted() throws {
        let text = try judge(
            ["--as-request", Self.client, "--header", "Authorization: Bearer s3cret"], is: 4)
        #expect(!(text.stdout + text.stderr).contains("s3cret"))
    }
}
