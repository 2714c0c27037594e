// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SystemdUnits
@testable import Values

@Suite struct UnitReadingTests {
    @Test(arguments: [
        ("a NUL", "[Service]\nUser=a\0b\n", UnitError.Code.unreadableText),
        ("a non-character", "[Service]\nUser=\u{FFFE}\n", .unreadableText),
        ("an open section header", "[Service\nUser=a\n", .badSyntax),
        ("a quote in a section header", "[Ser\"vice]\nUser=a\n", .badSyntax),
    ])
    func whatSystemdDoesNotReadIsRefused(what: String, text: String, code: UnitError.Code) {
        expect(what, text, code)
    }

    // Not arguments, which the log would show whole.
    @Test func longLinesAreRefused() {
        expect("a long line", "[Service]\nUser=" + String(repeating: "a", count: 1 << 20), .unreadableText)
        let continued = String(repeating: "aaaaaaa \\\n", count: 1 << 17)
        expect("a long continued line", "[Service]\nUser=\(continued)b\n", .unreadableText)
    }

    private func expect(_ what: String, _ text: String, _ code: UnitError.Code) {
        let error = #expect(throws: UnitError.self, "\(what)") {
            try UnitFile.parse(UnitText(path: "/u.service", text: text))
        }
        #expect(error?.code == code, "\(what)")
        #expect(error?.subject == "/u.service")
    }

    @Test func bytesThatAreNoUTF8AreRefused() {
        #expect(throws: UnitError.self) { try UnitText(path: "/u", bytes: [0x61, 0xFF]) }
        #expect(throws: Never.self) { try UnitText(path: "/u", bytes: Array("é\r\n".utf8)) }
        // The line is named, unless it is a comment, which systemd skips.
        let comment = Array("[Service]\n # ".utf8) + [0xC6, 0xF4] + Array("\nExecStart=/a\n".utf8)
        #expect(throws: Never.self) { try UnitText(path: "/u", bytes: comment) }
        let value = Array("[Service]\n# a\nDescription=".utf8) + [0xC6, 0xF4, 0x0A]
        let error = #expect(throws: UnitError.self) { try UnitText(path: "/u", bytes: value) }
        #expect(error?.line == 3 && error?.hint != nil)
    }

    /// `%n %N %p %i` in the name of an environment file are the unit's, whatever its files are called.
    @Test(arguments: [
        ("kube-apiserver.service", "kube-apiserver.service kube-apiserver kube-apiserver  %"),
        ("api@x.service", "api@x.service api@x api x %"), ("api@.service", "%n %N %p %i %%"),
    ])
    func theUnitsOwnName(unit: String, names: String) {
        let text = "[Service]\nEnvironmentFile=-/e/%n %N %p %i %%\nEnvironmentFile=/e/%H\n"
        for path in ["/lib/systemd/system/api@.service", "/run/systemd/system/\(unit)"] {
            let service = try? EffectiveService(unit: unit, sources: [UnitText(path: path, text: text)])
            #expect(service?.environment.files.map(\.path) == ["/e/\(names)", "/e/%H"])
        }
    }

    /// A program that makes way for kube-apiserver is not in the process's arguments.
    @Test func whatMakesWay() throws {
        let text = UnitText(
            path: "/u.service", text: "[Service]\nExecStart=/bin/nice -n 5 /opt/kube-apiserver --v=2\n")
        let command = try EffectiveService(unit: "u.service", sources: [text]).command(unit: "u")
        func isSame(_ argv: [String]) -> Bool {
            command.matchesRunning(argv: argv, environment: ServiceEnvironment()).isSame
        }
        #expect(isSame(["/opt/kube-apiserver", "--v=2"]))
        #expect(isSame(["/bin/nice", "-n", "5", "/opt/kube-apiserver", "--v=2"]))
        #expect(!isSame(["/opt/kube-apiserver", "--v=3"]))
    }

    @Test func assignmentsKeepTheirText() throws {
        let text = """
            \u{FEFF}[Unit]
            Description = a \\
              # inside
              b\t
            no key
            =no key either
            [Service]
            execstart=/ignored
             ExecStart\t=\t/a "b \\
            c" \\
             ;comment
            \td # e \\

            User=root
            """
        let file = try UnitFile.parse(UnitText(path: "/u", text: text))
        #expect(file.assignments.map(\.section) == ["Unit", "Service", "Service", "Service"])
        #expect(file.assignments.map(\.key) == ["Description", "execstart", "ExecStart", "User"])
        #expect(file.assignments.map(\.lineNumber) == [2, 8, 9, 14])
        #expect(file.assignments[0].value == "a    b")
        #expect(file.assignments[0].rawValue == " a \\\n  # inside\n  b\t")
        let command = try ExecCommand(file.assignments[2])
        #expect(command.words.map(\.value) == ["/a", "b  c", "d", "#", "e"])
        #expect(command.words.map(\.separator) == ["\t", " ", " \\\n ;comment\n\t", " ", " "])
        #expect(command.words[1].raw == "\"b \\\nc\"")
        let whole = command.words.map { $0.separator + $0.raw }.joined() + command.tail
        #expect(whole == file.assignments[2].rawValue && command.tail == " \\\n")
    }

    @Test(arguments: [
        ("/a $X ${X} $$ b$X", [.none, .split("X"), .embedded(["X"]), .none, .none], ""),
        ("-@/a $X$Y ${X}${Y}", [.none, .split("X$Y"), .embedded(["X", "Y"])], "-@"),
        ("!!:/a $X ${X}", [ExecCommand.VariableUse.none, .none, .none], "!!:"),
        ("+-/a $ ${X:-1}", [.none, .split(""), .none], "+-"),
    ])
    func prefixesAndVariablesAreSeen(text: String, uses: [ExecCommand.VariableUse], prefix: String) throws {
        let command = try Self.service("ExecStart=\(text)").command(unit: "u")
        #expect(command.words.map(\.expansion) == uses)
        #expect(command.prefix == prefix && command.executable == "/a")
    }

    @Test func settingsResetAndTheLastOneWins() throws {
        let service = try EffectiveService(
            unit: "u.service",
            sources: [
                UnitText(
                    path: "/u",
                    text: "[Service]\nType=simple\nUser=a\nGroup=g\nExecStart=/a\nEnvironment=A=1 B=2\n"),
                UnitText(
                    path: "/d/1", text: "User=ignored\n[Service]\nUser=b\nType=nonsense\nGroup=\nExecStart=\n"
                ),
                UnitText(
                    path: "/d/2",
                    text: "[Service]\nExecStart=/b\nType=notify\nEnvironment=B=3\n[Install]\nUser=c\n"),
            ])
        #expect(service.user == .init(value: "b", path: "/d/1", line: 3))
        #expect(service.group == nil)
        #expect(service.type == .init(value: "notify", path: "/d/2", line: 3))
        #expect(try service.command(unit: "u").place == "/d/2:2")
        #expect(service.environment["A"]?.origin == "/u:6" && service.environment["B"]?.text == "3")
    }

    @Test(arguments: [
        ("Type=simple", UnitError.Code.noCommand), ("ExecStart=/a\nExecStart=/b", .severalCommands),
    ])
    func oneCommandIsNeeded(text: String, code: UnitError.Code) throws {
        let service = try Self.service(text)
        #expect(#expect(throws: UnitError.self) { try service.command(unit: "u") }?.code == code)
    }

    static func service(_ text: String) throws -> EffectiveService {
        try EffectiveService(unit: "u.service", sources: [UnitText(path: "/u", text: "[Service]\n\(text)\n")])
    }
}
