// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What people see: kept as files, to be read when they change.
@Suite struct TranscriptTests {
    static let transcripts = [
        Transcript(
            "init", "aggbootstrap init --root out", "aggbootstrap init --root out",
            "chmod 644 out/cp1/etc/kubernetes/ssl/aggregator-key.pem", "aggbootstrap init --root out"),
        Transcript(
            "init-three-nodes", setUp: baseUnit,
            "aggbootstrap init --spec cluster.json --root out --state state --base-unit kube-apiserver.service",
            "aggbootstrap init --spec cluster.json --root out --state state --base-unit kube-apiserver.service"
        ),
        Transcript(
            "init-json", "aggbootstrap init --quiet --root out -o json",
            "aggbootstrap init --quiet --root out -o json"),
        Transcript(
            "init-refused", setUp: foreignCA, "aggbootstrap init --spec cluster.json --root foreign",
            "aggbootstrap init --spec cluster.json --root other --state demo",
            "aggbootstrap init --spec cluster.json --root linked",
            "aggbootstrap init --spec cluster.json --root out --limit cp9",
            "aggbootstrap init --spec unreachable.json"),
        Transcript(
            "plan", "aggbootstrap plan --root out", "aggbootstrap plan --root out --detailed-exitcode",
            "aggbootstrap init --quiet --root out >/dev/null",
            "aggbootstrap plan --root out --detailed-exitcode",
            "sed -i 's/names=aggregator /names=someone /' out/cp1/etc/systemd/system/*.d/zz-aggregation.conf",
            "rm out/cp1/etc/kubernetes/ssl/aggregator.pem", "aggbootstrap plan --root out"),
        Transcript(
            "verify", setUp: "$A init --root out", "aggbootstrap verify --root out",
            "aggbootstrap verify --root out --require-proof",
            "chmod 640 out/cp1/etc/kubernetes/ssl/aggregator-key.pem",
            "openssl genpkey -algorithm ed25519 -out out/cp1/etc/kubernetes/ssl/aggregator-key.pem",
            "aggbootstrap verify --root out", "aggbootstrap verify --root nowhere"),
        Transcript(
            "spec", "aggbootstrap spec init --cluster shanghai --node master-1",
            "aggbootstrap spec init --cluster shanghai --node master-1 cluster.json",
            "aggbootstrap spec init cluster.json", "aggbootstrap spec validate cluster.json",
            "aggbootstrap spec schema aggbootstrap.schema.json",
            "aggbootstrap spec explain certificates.ca.key.size",
            "aggbootstrap spec explain certificates.expiry",
            "aggbootstrap spec explain"),
        Transcript(
            "spec-bad", setUp: badSpecs, "aggbootstrap spec validate bad.json",
            "aggbootstrap init --root out --spec comma.json",
            "aggbootstrap plan --root out --spec names.json",
            "aggbootstrap plan --spec missing.json", "aggbootstrap plan"),
        Transcript(
            "spec-from-cfssl", setUp: cfssl,
            "aggbootstrap spec from-cfssl --ca-config config.json --ca-csr ca-csr.json --csr csr.json "
                + "--cluster shanghai --node master-1=192.0.2.10 cluster.json",
            "cat cluster.json",
            "aggbootstrap spec from-cfssl --ca-config config.json --ca-csr ca-csr.json --csr weak.json"),
        Transcript(
            "passphrase",
            setUp: "umask 077; echo right >right; echo wrong >wrong; cp right open; chmod 644 open",
            "aggbootstrap init --quiet --root out --passphrase-file right >/dev/null",
            "rm out/cp1/etc/kubernetes/ssl/aggregator-key.pem", "aggbootstrap init --root out",
            "aggbootstrap init --root out --passphrase-file wrong",
            "aggbootstrap init --root out --passphrase-file open",
            "aggbootstrap init --root out --passphrase-file right"),
        Transcript(
            "rotate-if-due", setUp: mixedLifetimes,
            "aggbootstrap rotate --spec cluster.json --root out --state state --if-due",
            "aggbootstrap rotate --spec cluster.json --root out --state state --if-due -o json",
            "aggbootstrap rotate --spec cluster.json --root out --state state --if-due --renew-before 3d",
            "aggbootstrap rotate --spec cluster.json --root out --state state --if-due --renew-before 3d",
            "aggbootstrap rotate --spec cluster.json --root out --state state --if-due --renew-before 30d",
            "aggbootstrap rotate --spec cluster.json --root out --state state --if-due --renew-before 3w",
            "aggbootstrap rotate --spec cluster.json --root out --state none --if-due",
            "aggbootstrap rotate --spec cluster.json --if-due --ca"),
        Transcript(
            "usage", "aggbootstrap init --root out --frobnicate", "aggbootstrap plan --root",
            "aggbootstrap plan --root out -o yaml", "aggbootstrap initialise", "aggbootstrap verify now",
            "aggbootstrap plan --root ''", "aggbootstrap verify -q -v", "aggbootstrap completion csh",
            "aggbootstrap plan --sepc cluster.json", "aggbootstrap rollback --root out",
            "aggbootstrap rollback --yes"),
        Transcript(
            "chinese", "LC_ALL=zh_CN.UTF-8 aggbootstrap --help",
            "LC_ALL=zh_CN.UTF-8 aggbootstrap plan --help",
            "LC_ALL=zh_CN.UTF-8 aggbootstrap init --root out",
            "LC_ALL=zh_CN.UTF-8 aggbootstrap init --root out",
            "LC_ALL=zh_CN.UTF-8 aggbootstrap status --root out",
            "openssl genpkey -algorithm ed25519 -out out/cp1/etc/kubernetes/ssl/aggregator-key.pem",
            "LC_ALL=zh_CN.UTF-8 aggbootstrap verify --root out",
            "LC_ALL=zh_CN.UTF-8 aggbootstrap verify --offline out",
            "LC_ALL=zh_CN.UTF-8 aggbootstrap plan --root out",
            "LC_ALL=zh_CN.UTF-8 aggbootstrap plan --sepc cluster.json",
            "LC_ALL=zh_CN.UTF-8 aggbootstrap plan --spec missing.json"),
        Transcript(
            "help", "aggbootstrap", "aggbootstrap init --help", "aggbootstrap plan --help",
            "aggbootstrap status --help", "aggbootstrap verify --help", "aggbootstrap rollback --help",
            "aggbootstrap spec --help",
            "aggbootstrap spec init --help",
            "aggbootstrap spec validate --help", "aggbootstrap spec explain --help",
            "aggbootstrap spec schema --help", "aggbootstrap spec from-cfssl --help"),
    ]

    @Test(arguments: transcripts) func whatIsShown(_ transcript: Transcript) throws {
        let directory = try TemporaryDirectory()
        let screen = try transcript.record(in: directory)
        // A screen is shown to others: in a ticket, in a chat.
        #expect(!screen.contains("BEGIN PRIVATE KEY") && !screen.contains("BEGIN ENCRYPTED"))
        try expectGolden(screen, "Tests/CommandLineTests/Golden/\(transcript.name).txt")
    }

    private static let cluster = "cat >cluster.json <<'END'\n\(threeNodes)\nEND\n"

    private static let baseUnit =
        cluster + """
            cat >kube-apiserver.service <<'END'
            [Service]
            ExecStart=/usr/local/bin/kube-apiserver --secure-port=6443 \\
              --client-ca-file=/etc/kubernetes/ssl/ca.pem
            END
            """

    /// The certificate of cp2 lasts two days, the others last 30.
    private static let mixedLifetimes =
        cluster + """
            sed -i '2i "certificates": { "proxyClient": { "validity": "2d" } },' cluster.json
            $A init --spec cluster.json --root out --state state --limit cp2
            sed -i 's/"2d"/"30d"/' cluster.json
            $A init --spec cluster.json --root out --state state
            """

    private static let foreignCA =
        cluster + """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out ca.pem \
                -subj '/O=elsewhere/CN=front proxy' -days 365 2>/dev/null
            mkdir -p foreign/cp2/etc/kubernetes/ssl linked elsewhere
            cp ca.pem foreign/cp2/etc/kubernetes/ssl/aggregator-ca.pem
            ln -s ../elsewhere linked/cp1
            $A init --root demo-out --state demo
            printf 'Port 1\n' >ssh_config
            cat >unreachable.json <<END
            { "apiVersion": "aggbootstrap/v1", "cluster": "shanghai", "nodes": [
              { "name": "cp1", "address": "127.0.0.1", "ssh": { "configFile": "$PWD/ssh_config" } }] }
            END
            """

    private static let badSpecs = """
        cat >bad.json <<'END'
        {
          "apiVersion": "aggbootstrap/v1",
          "cluster": "Shanghai",
          "certificates": { "ca": { "key": { "algorithm": "rsa", "size": 1024 }, "expiry": "10y" } },
          "nodes": [
            { "name": "cp1", "local": "yes" },
            { "name": "cp1" }
          ]
        }
        END
        printf '{\\n  "apiVersion": "aggbootstrap/v1",\\n  "cluster": "demo",\\n}\\n' >comma.json
        cat >names.json <<'END'
        {
          "apiVersion": "aggbootstrap/v1",
          "cluster": "demo",
          "requestHeader": { "allowedNames": ["front-proxy-client"] },
          "nodes": [{ "name": "cp1", "local": true }]
        }
        END
        """

    private static let cfssl = """
        echo '{ "signing": { "default": { "expiry": "8760h" }, "profiles": { "aggregator": {
          "usages": ["signing", "key encipherment", "client auth"], "expiry": "43800h" } } } }' >config.json
        echo '{ "CN": "aggregator", "key": { "algo": "rsa", "size": 2048 },
          "names": [{ "C": "DE", "O": "example" }], "ca": { "expiry": "87600h" } }' >ca-csr.json
        echo '{ "CN": "aggregator", "key": { "algo": "rsa", "size": 2048 }, "hosts": ["192.0.2.10"],
          "names": [{ "C": "DE", "O": "example", "SERIALNUMBER": "7" }] }' >csr.json
        echo '{ "CN": "aggregator", "key": { "algo": "rsa", "size": 1024 } }' >weak.json
        """
}
