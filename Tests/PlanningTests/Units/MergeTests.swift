// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import SystemdUnits
import Values

/// A unit, and what stands behind `ExecStart=` once the flags are merged into it.
struct MergeCase: Sendable, CustomTestStringConvertible {
    var name: String
    var command: String
    /// Up to where our flags start.
    var kept: String
    var indent = "  "
    var lead = " \\\n"
    var removed: [String] = []

    var testDescription: String { name }

    static let all: [MergeCase] = [
        .init(name: "one line", command: "/a --x=1\n", kept: "/a --x=1"),
        .init(name: "no argument, no line end", command: "/a", kept: "/a"),
        .init(
            name: "the lab's unit",
            command: """
                /usr/local/bin/kube-apiserver \\
                  --etcd-servers=http://192.168.123.250:2379 \\
                  --secure-port=6443 \\
                  --authorization-mode=Node,RBAC \\
                  --allow-privileged=true
                Restart=on-failure

                """,
            kept: """
                /usr/local/bin/kube-apiserver \\
                  --etcd-servers=http://192.168.123.250:2379 \\
                  --secure-port=6443 \\
                  --authorization-mode=Node,RBAC \\
                  --allow-privileged=true
                """),
        .init(
            name: "comments in between", command: "/a \\\n    # one\n    --x=1 \\\n    ; two \\\n    --y=2\n",
            kept: "/a \\\n    # one\n    --x=1 \\\n    ; two \\\n    --y=2", indent: "    "),
        .init(
            name: "quotes", command: ##"/a "--x=a b" '--y="c"' --z=d\x20e "# f" \;"##,
            kept: ##"/a "--x=a b" '--y="c"' --z=d\x20e "# f" \;"##),
        .init(name: "variables", command: "/a $KUBE_API_ARGS ${B}\n", kept: "/a $KUBE_API_ARGS ${B}"),
        .init(name: "specifiers", command: "/a --x=%i --y=%% --z=%H\n", kept: "/a --x=%i --y=%% --z=%H"),
        .init(name: "prefixes", command: "-+/a --x\n", kept: "-+/a --x"),
        .init(name: "argv[0]", command: "@/a kube --x\n", kept: "@/a kube --x"),
        .init(
            name: "tabs", command: "\t/a \\\n\t\t--x\t--y\t\\\n\t--z\n",
            kept: "\t/a \\\n\t\t--x\t--y\t\\\n\t--z", indent: "\t"),
        .init(
            name: "CRLF", command: "/a \\\r\n  --x \\\r\n  # c\r\n  --y\r\n",
            kept: "/a \\\r\n  --x \\\r\n  # c\r\n  --y"),
        .init(name: "not ASCII", command: "/opt/kübe/a --x=漢字é\n", kept: "/opt/kübe/a --x=漢字é"),
        .init(
            name: "a backslash at the end of the file", command: "/a \\\n   --x \\\n", kept: "/a \\\n   --x",
            indent: "   "),
        .init(name: "a backslash and no line end", command: "/a --x \\", kept: "/a --x"),
        .init(
            name: "a continued blank line", command: "/a \\\n  --x \\\n\nUser=root\n", kept: "/a \\\n  --x"),
        .init(
            name: "a comment at the end", command: "/a \\\n  --x \\\n  # last\n\nUser=root\n",
            kept: "/a \\\n  --x",
            lead: " \\\n  # last\n"),
        .init(
            name: "a comment at the end of the file", command: "/a \\\n  --x \\\n  # last",
            kept: "/a \\\n  --x",
            lead: " \\\n  # last\n"),
        .init(
            name: "the command on the next line", command: "\\\n  /a \\\n  --x\n", kept: "\\\n  /a \\\n  --x"),
        .init(
            name: "a quoted continuation", command: "/a \"--x=1 \\\n # c\n 2\" --y\n",
            kept: "/a \"--x=1 \\\n # c\n 2\" --y"),
        .init(
            name: "old flags in all spellings",
            command: """
                /a --requestheader-allowed-names=x --v=2 --requestheader_client_ca_file /o/ca.pem \\
                    --proxy-client-cert-file "/o/a b.pem" \\
                    '--proxy_client_key-file=/o/k' --w \\
                    "--requestheader-group-headers"=X \\
                    # stays
                    --\\x72equestheader-username-headers=X --enable-aggregator-routing \\
                    --requestheader-extra-headers-prefix \\
                      "" \\
                    --z
                """,
            kept: """
                /a --v=2 \\
                    --w \\
                    # stays
                    --z
                """, indent: "    ",
            removed: [
                "--requestheader-allowed-names=x", "--requestheader_client_ca_file /o/ca.pem",
                "--proxy-client-cert-file \"/o/a b.pem\"", "'--proxy_client_key-file=/o/k'",
                "\"--requestheader-group-headers\"=X", "--\\x72equestheader-username-headers=X",
                "--enable-aggregator-routing", "--requestheader-extra-headers-prefix \"\"",
            ]),
        .init(
            name: "old flags at the end, between comments",
            command:
                "/a \\\n  # one\n  --proxy-client-cert-file=/o \\\n  # two\n  --proxy-client-key-file=/k\n",
            kept: "/a", lead: " \\\n  # one\n  # two\n",
            removed: ["--proxy-client-cert-file=/o", "--proxy-client-key-file=/k"]),
        .init(
            name: "what would start a line and be a comment",
            command: "/a --x \\\n  --proxy-client-key-file=/k # --y \\\n  --enable-aggregator-routing ;z\n",
            kept: "/a --x # --y ;z", removed: ["--proxy-client-key-file=/k", "--enable-aggregator-routing"]),
        .init(
            name: "flags that are not ours",
            command:
                "/a --requestheader-uid-headers=X --aggregator-reject-forwarding-redirect=true --requestheader=1\n",
            kept:
                "/a --requestheader-uid-headers=X --aggregator-reject-forwarding-redirect=true --requestheader=1"
        ),
        .init(
            name: "an old flag with a value from a variable",
            command: "/a --proxy-client-cert-file ${B} --proxy-client-key-file $ONE --x",
            kept: "/a --x", removed: ["--proxy-client-cert-file ${B}", "--proxy-client-key-file $ONE"]),
        .init(
            name: "an old flag with a specifier in its value",
            command: "/a --requestheader-client-ca-file=/etc/%i/ca --x",
            kept: "/a --x", removed: ["--requestheader-client-ca-file=/etc/%i/ca"]),
    ]

    static let environment = "Environment=\"KUBE_API_ARGS=--a --b='c d'\" B=1 ONE=/k\n"

    var base: [UnitText] {
        [UnitFixtures.fragment("[Unit]\nAfter=x\n[Service]\n\(Self.environment)ExecStart=\(command)")]
    }
}

@Suite struct MergeTests {
    @Test(arguments: MergeCase.all)
    func everythingElseIsKeptByteForByte(_ merge: MergeCase) throws {
        let result = try UnitFixtures.merge(merge.base)
        let header = """
            # Written by aggbootstrap, which overwrites it: put your own changes elsewhere.
            # It turns on the aggregation layer. The command is the ExecStart= of
            #   /etc/systemd/system/kube-apiserver.service
            #   (SHA-256 \(UnitFixtures.digest))
            # with nothing changed but the aggregation flags, which stand at its end.
            # Edits of ExecStart= in that file wait for the next `aggbootstrap init`.
            [Service]
            ExecStart=

            """
        let expected =
            header + "ExecStart=" + merge.kept + UnitFixtures.rendered(indent: merge.indent, lead: merge.lead)
        #expect(result.text.utf8.elementsEqual(expected.utf8), "\(result.text.debugDescription)")
        #expect(result.path == "/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf")
        #expect(result.mode == .frozen(basePath: UnitFixtures.path))
        #expect(result.removed == merge.removed && result.unseen.isEmpty)
        // What was rendered, taken as a base, gives the same command again.
        let again = try UnitFixtures.merge([
            UnitText(path: UnitFixtures.path, text: MergeCase.environment + result.text)
        ])
        #expect(again.text.utf8.elementsEqual(expected.utf8), "\(again.text.debugDescription)")
    }

    @Test func systemdReadsTheMergedUnitsAsWanted() throws {
        guard SystemdOracle.isThere else { return }
        var files: [String: [UInt8]] = [:]
        for (index, merge) in MergeCase.all.enumerated() {
            for (kind, bytes) in [("base", false), ("with", true)].map({ ($0.0, $0.1) }) {
                files["\(kind)\(index).service"] = Array(merge.base[0].text.utf8)
                if bytes {
                    let text = try UnitFixtures.merge(merge.base).text
                    files["\(kind)\(index).service.d/zz-aggregation.conf"] = Array(text.utf8)
                }
            }
        }
        let units = try SystemdOracle.load(files)
        for (index, merge) in MergeCase.all.enumerated() {
            let base = try #require(units["base\(index).service"]?.commands.first)
            let with = try #require(units["with\(index).service"])
            let old = CommandComparison.aggregationArguments(base)
            let kept = base.indices.filter { !old.contains($0) }.map { base[$0] }
            #expect(with.loadState == "loaded")
            #expect(with.commands == [kept + UnitFixtures.flags.arguments], "\(merge.name)")
        }
    }

    @Test func aDropInThatResetsTheCommandIsTheBase() throws {
        let base = [
            UnitFixtures.fragment("[Service]\nExecStart=/a --old\nUser=x\n"),
            UnitFixtures.dropIn("limits.conf", "[Service]\nLimitNOFILE=1\n"),
            UnitFixtures.dropIn("override.conf", "[Service]\nExecStart=\nExecStart=/b --new\n"),
            UnitFixtures.dropIn("zzz.conf", "[Service]\nEnvironment=X=1\n"),
        ]
        let result = try UnitFixtures.merge(base)
        #expect(result.mode == .frozen(basePath: base[2].path))
        #expect(result.text.hasSuffix("ExecStart=\nExecStart=/b --new" + UnitFixtures.rendered()))
    }

    @Test func valuesAreQuotedForSystemd() throws {
        let spec = UnitFixtures.spec(
            routing: false, allowedNames: ["a,b", "50% $x"], directory: "/etc/k8s \"x\"/it's\\100%i$$")
        let flags = APIServerFlags(spec: spec)
        for (command, plain) in [("/a", false), (":/a", true)] {
            let base = [UnitFixtures.fragment("[Service]\nExecStart=\(command) --x\n")]
            let result = try UnitFixtures.merge(base, flags: flags)
            let dollars = plain ? "$$" : "$$$$"
            #expect(
                result.text.contains(
                    #""--proxy-client-key-file=/etc/k8s \"x\"/it's\\100%%i"# + dollars
                        + "/aggregator-key.pem\""))
            guard SystemdOracle.isThere else { continue }
            let units = try SystemdOracle.load(["a.service": Array((base[0].text + result.text).utf8)])
            let argv = try #require(units["a.service"]?.commands.first)
            let expected = ["/a", "--x"] + flags.arguments
            #expect(
                plain
                    ? argv == expected
                    : argv.map { CommandExpansion.embedding(in: $0) { _ in "?" } } == expected)
        }
    }

    @Test func variablesThatWereNotGivenAreNamed() throws {
        let text = "[Service]\nEnvironmentFile=/etc/a\nEnvironmentFile=-/etc/b\nExecStart=/a $KUBE_API_ARGS\n"
        let result = try UnitFixtures.merge(
            [UnitFixtures.fragment(text)], environmentFiles: ["/etc/b": "X=1\n"])
        #expect(result.unseen.map(\.description) == ["/etc/a (EnvironmentFile= in \(UnitFixtures.path):2)"])
        let unused = text.split(separator: " $").joined(separator: "\n#")
        #expect(try UnitFixtures.merge([UnitFixtures.fragment(unused)]).unseen.isEmpty)
    }
}
