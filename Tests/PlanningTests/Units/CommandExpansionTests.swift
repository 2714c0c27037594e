// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SystemdUnits
import Values

@Suite struct CommandExpansionTests {
    /// Each as a process started by systemd 252 got it.
    @Test(arguments: [
        ("$A", ["b", "c", "d e", "f\\", "g"]), ("${A}", [#"b c 'd e' f\\ g"#]),
        ("x${A}y", [#"xb c 'd e' f\\ gy"#]),
        ("$Q", ["x y", "z"]), ("$E", []), ("[${E}]", ["[]"]), ("$$A", ["$A"]), ("$P", ["%n1"]),
        ("a$A", ["a$A"]), ("$", []),
        ("$A/b", []), ("${A:-x}", ["${A:-x}"]), ("${A", ["${A"]), ("${}", [""]), ("a$$b", ["a$b"]),
        ("$UNKNOWN ${UNKNOWN}", [""]),
    ])
    func variablesAreExpandedAsSystemdDoes(words: String, expected: [String]) throws {
        let service = try UnitReadingTests.service(
            #"Environment="A=b c 'd e' f\\\\ g" "Q=\"x y\" z" E= P=%%n1"# + "\nExecStart=/a \(words)")
        let expansion = try service.command(unit: "u").expand(environment: service.environment)
        #expect(expansion.texts == ["/a"] + expected)
        #expect(
            try UnitReadingTests.service("ExecStart=:/a \(words)").command(unit: "u").expandsVariables
                == false)
    }

    @Test(arguments: [
        ("A=1\nB = 2 \n", ["A": "1", "B": "2"]), ("A=\"x y\" \"z\"\n", ["A": "x yz"]),
        ("A='a\"b'c\n", ["A": "a\"bc"]),
        ("# A=1\n;B=2\n C=3", ["C": "3"]), ("A=x \\\n y\n", ["A": "x  y"]), ("A=\"x\\\ny\"\n", ["A": "xy"]),
        ("A=\"\\$\\q\"", ["A": "$\\q"]), ("A=\\$x\\ ", ["A": "$x "]), ("export A=1\n1B=2\n", [:]),
        ("A\nB=1", ["B": "1"]),
        ("A=1\r\nB=2\r\n", ["A": "1", "B": "2"]), ("# c \\\nA=1\nB=2", ["B": "2"]),
        ("A=\nB=1", ["A": "", "B": "1"]),
        ("A=$B %n\n", ["A": "$B %n"]), ("A=a # b", ["A": "a # b"]), ("A='1\n2'", ["A": "1\n2"]),
        ("A=1\nA=2", ["A": "2"]),
    ])
    func environmentFilesAreReadAsSystemdReadsThem(text: String, expected: [String: String]) {
        let variables = EnvironmentFile.parse(text).variables
        #expect(Dictionary(variables.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }) == expected)
    }

    @Test func filesWinOverAssignmentsAndUnsetOverBoth() throws {
        let service = try EffectiveService(
            unit: "u.service",
            sources: [
                UnitText(
                    path: "/u",
                    text: """
                        [Service]
                        EnvironmentFile=/gone
                        EnvironmentFile=
                        EnvironmentFile=-/etc/a
                        EnvironmentFile=/etc/b
                        EnvironmentFile=-/etc/c*
                        EnvironmentFile=relative
                        Environment=A=0 B=0 C=0 D=0 E=0
                        UnsetEnvironment=C D=0 E=1
                        PassEnvironment=A F
                        """)
            ], environmentFiles: ["/etc/a": "A=1\nB=1\n", "/etc/b": "B=2\n", "/gone": "A=9\n"])
        let environment = service.environment
        #expect(
            ["A", "B", "C", "D", "E", "F"].map { environment[$0]?.text } == ["1", "2", nil, nil, "0", nil])
        #expect(environment["A"]?.origin == "/etc/a" && environment["E"]?.origin == "/u:8")
        #expect(environment.files.map(\.path) == ["/etc/a", "/etc/b", "/etc/c*"])
        #expect(environment.unread == [.init(path: "/etc/c*", optional: true, place: "/u:6")])
        #expect(environment.unseen(for: "F").map(\.description).count == 2)
        #expect(environment.unseen(for: "C").isEmpty)
    }

    @Test func reportsAreComparedWordByWord() throws {
        let service = try UnitReadingTests.service(
            "Environment=\"A=--a --b=%i\"\nExecStart=/a --x=%H:1 $A --proxy_client_cert_file old 100%% ${A}")
        let command = try service.command(unit: "u")
        let bus = ["/a", "--x=host:1", "$A", "--proxy_client_cert_file", "old", "100%", "${A}"]
        #expect(command.matchesBus(argv: bus).isSame)
        let changed = ["/a", "--x=host:2", "$A", "100%", "${A}", "--more"]
        #expect(
            command.matchesBus(argv: changed, scope: .withoutAggregationFlags).differences
                == [.missing("--x=%H:1"), .added("--x=host:2"), .added("--more")])
        let running = [
            "/a", "--x=host:1", "--a", "--b=7", "--proxy-client-cert-file=new", "100%", "--a --b=7",
        ]
        #expect(
            command.matchesRunning(
                argv: running, environment: service.environment, scope: .withoutAggregationFlags
            )
            .isSame)
        #expect(
            command.matchesRunning(argv: running, environment: service.environment).differences
                == [
                    .missing("--proxy_client_cert_file"), .added("--proxy-client-cert-file=new"),
                    .missing("old"),
                ])
    }
}
