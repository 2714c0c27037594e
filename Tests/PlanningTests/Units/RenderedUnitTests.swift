// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import SystemdUnits
@testable import Values

@Suite struct RenderedUnitTests {
    static let variable =
        "Environment=\"AGGREGATION_FLAGS=\(UnitFixtures.flags.arguments.joined(separator: " "))\"\n"

    @Test func aUnitThatUsesTheVariableIsNotFrozen() throws {
        let base = [
            UnitFixtures.fragment(
                "[Service]\nEnvironment=AGGREGATION_FLAGS=--old A=1\nEnvironmentFile=-/etc/x\nExecStart=/a $A $AGGREGATION_FLAGS --z\n"
            ),
            UnitFixtures.dropIn("override.conf", "[Service]\nUser=root\n"),
        ]
        let result = try UnitFixtures.merge(base, environmentFiles: ["/etc/x": "A=2\n"])
        #expect(result.mode == .environmentOnly && result.removed.isEmpty && result.unseen.isEmpty)
        #expect(result.text.hasSuffix("[Service]\n" + Self.variable) && !result.text.contains("ExecStart=\n"))
        #expect(
            try RenderedUnit.environmentOnly(unit: UnitFixtures.unit, flags: UnitFixtures.flags).text
                == result.text)
        let sources = base + [UnitText(path: result.path, text: result.text)]
        let service = try EffectiveService(
            unit: UnitFixtures.unit, sources: sources, environmentFiles: ["/etc/x": "A=2\n"])
        let expansion = try service.command(unit: "u").expand(environment: service.environment)
        #expect(expansion.texts == ["/a", "2"] + UnitFixtures.flags.arguments + ["--z"])
    }

    @Test func percentAndDollarPassThroughTheVariable() throws {
        let flags = APIServerFlags(spec: UnitFixtures.spec(allowedNames: ["50%i", "$HOME"]))
        let result = try RenderedUnit.environmentOnly(unit: UnitFixtures.unit, flags: flags)
        #expect(result.text.contains("--requestheader-allowed-names=50%%i,$HOME "))
        guard SystemdOracle.isThere else { return }
        let units = try SystemdOracle.load(["a.service": Array((result.text + "ExecStart=/a\n").utf8)])
        #expect(
            units["a.service"]?.environment == ["AGGREGATION_FLAGS=" + flags.arguments.joined(separator: " ")]
        )
    }

    @Test func aWholeUnitRunsWhatWasAsked() throws {
        let arguments = ["--secure-port=6443", "--x=a b", "--y=100%i$$", "#z", ";", "", "--v='\"\\"]
        let result = try RenderedUnit.service(
            unit: UnitFixtures.unit, executable: "/usr/local/bin/kube-apiserver", arguments: arguments,
            flags: UnitFixtures.flags)
        #expect(result.path == UnitFixtures.path && result.mode == .wholeUnit)
        let expected = """
            Wants=network-online.target
            After=network-online.target

            [Service]
            Type=notify
            ExecStart=/usr/local/bin/kube-apiserver \\
                --secure-port=6443 \\
                "--x=a b" \\
                --y=100%%i$$$$ \\
                "#z" \\
                ";" \\
                "" \\
                "--v='\\"\\\\" \\
                \(UnitFixtures.flags.arguments.joined(separator: " \\\n    "))
            Restart=on-failure
            RestartSec=5
            LimitNOFILE=65536

            [Install]
            WantedBy=multi-user.target

            """
        #expect(result.text.hasSuffix(expected), "\(result.text)")
        #expect(!result.text.contains("\nExecReload"))
        guard SystemdOracle.isThere else { return }
        let units = try SystemdOracle.load(["a.service": Array(result.text.utf8)])
        let argv = units["a.service"]?.commands.first?.map { CommandExpansion.embedding(in: $0) { _ in "?" } }
        #expect(argv == ["/usr/local/bin/kube-apiserver"] + arguments + UnitFixtures.flags.arguments)
    }

    @Test(arguments: [
        ("kube-apiserver", [], UnitError.Code.unsafeValue), ("/usr/bin/", [], .unsafeValue),
        ("/a$b", [], .unsafeValue),
        ("/a'b", [], .unsafeValue), ("/a", ["--x=\n"], .unsafeValue), ("/a", ["--x", "--"], .wrapper),
        ("/a", ["--requestheader_allowed-names", "x"], .doubled),
        ("/a", ["--enable-aggregator-routing"], .doubled),
    ])
    func aWholeUnitIsRefused(executable: String, arguments: [String], code: UnitError.Code) {
        let error = #expect(throws: UnitError.self) {
            try RenderedUnit.service(
                unit: UnitFixtures.unit, executable: executable, arguments: arguments,
                flags: UnitFixtures.flags)
        }
        #expect(error?.code == code)
    }

    /// `systemd-analyze verify` finds nothing to say about what is written.
    @Test func systemdVerifiesWhatIsWritten() throws {
        guard SystemdOracle.isThere else { return }
        let directory = try TemporaryDirectory()
        let whole = try RenderedUnit.service(
            unit: UnitFixtures.unit, executable: "/bin/true", arguments: ["--x=%i"], flags: UnitFixtures.flags
        )
        try directory.write(whole.text, to: "whole/kube-apiserver.service")
        try directory.write(
            "[Service]\nType=notify\nExecStart=/bin/true --a \\\n --b\n", to: "base/kube-apiserver.service")
        let merged = try UnitFixtures.merge([
            UnitFixtures.fragment("[Service]\nExecStart=/bin/true --a \\\n --b\n")
        ])
        try directory.write(merged.text, to: "base/kube-apiserver.service.d/zz-aggregation.conf")
        for folder in ["whole", "base"] {
            let result = try run(
                "systemd-analyze",
                ["verify", "--man=no", directory.file("\(folder)/kube-apiserver.service")],
                environment: ["SYSTEMD_UNIT_PATH": "\(directory.file(folder)):", "PATH": "/usr/bin:/bin"])
            let own = result.stderr.split(separator: "\n").filter { $0.contains("kube-apiserver") }
            #expect(result.status == 0 && own.isEmpty, "\(result.stderr)")
        }
    }
}
