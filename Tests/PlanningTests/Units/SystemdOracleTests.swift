// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import SystemdUnits
@testable import Values

/// Our reading of unit files against the installed systemd's own.
@Suite struct SystemdOracleTests {
    /// Whole `ExecStart=` lines as they would stand behind the equals sign, some over several lines.
    static let commands = [
        #"/bin/echo a b"#, "/bin/echo\ta \t b  ", #"/bin/echo "a b" 'c d' e"f g"h 'i'j"#,
        #"/bin/echo "" '' a"""#, #"/bin/echo "it's" 'say "hi"' "a\"b" 'a\'b'"#,
        #"/bin/echo \a\b\f\n\r\t\v\s\\\"\' "\a\b\f\n\r\t\v\s\\" '\n\t'"#,
        #"/bin/echo \x41\x7a \101\172 \u00e9 \U0001F600 \xc3\xa9"#,
        #"/bin/echo \x4 \xzz \x00 \09 \400 \u12 \ud800x \U00110000 \U0000fdd0 \q \é \$ \%"#,
        #"/bin/echo \u0000 \000 \+12 \u+123 \x+4"#, #"/bin/echo a\ b "c\ d" \-"#,
        #"/bin/echo a \; b "\;" ";" \\; ;;"#,
        #"/bin/echo \;x x\; ';'"#, #"/bin/echo $X ${X} a${X}b $$X \x24X '$X' %% \x25n %%n %n %p. 100%"#,
        #"/bin/echo %-x %é %"#, #"/bin/echo %%%n%%"#, #"-/bin/echo a"#, #"@/bin/echo zero one"#,
        #"-@:/bin/echo zero"#,
        #"!!/bin/echo a"#, #"!-!/bin/echo a"#, #"+/bin/echo a"#, #""-/bin/echo" a"#, #"/bin/e\x63ho a"#,
        #""/bin/my echo" a"#, #"echo relative"#, "/bin/echo a \\\n  b \\\n\tc", "/bin/echo a\\\nb",
        "/bin/echo \"a\\\nb\" c",
        "/bin/echo 'a \\\n  # comment\n  b' c", "/bin/echo a \\\n# one\n  ; two\n\t#three \\\n  b",
        "/bin/echo a \\\n  b # no comment ;here", "/bin/echo a \\\n\n", "/bin/echo a \\\n   \nNice=3",
        "/bin/echo a \\\n   \\\n  b", "\\\n  /bin/echo a", "\\\n# c\n  /bin/echo a", "/bin/echo a \\\\",
        "/bin/echo a\\\\ b",
        "/bin/echo a \\\\\\\n b", "/bin/echo a\\ ", "/bin/echo a \\ ", "/bin/echo a \\\r\n  b\r",
        "/bin/echo a \\\r\n# c\r\n  b\r",
        "/bin/echo a \\\n\r  b", "/bin/echo a \\\r  b", "/bin/echo \u{c}a\u{b}b \u{a0}c",
        "/bin/echo ünï \"ço dé\" 漢字",
        "/bin/echo a \\\n[Service] \\\nb", "/bin/echo --a=b \\\n  --c=\"d e\" \\\n  --f='g,h' \\\n",
        "   /bin/echo a",
    ]

    @Test func commandLinesAreReadAsSystemdReadsThem() throws {
        guard SystemdOracle.isThere else { return }
        var files: [String: [UInt8]] = [:]
        for (index, command) in Self.commands.enumerated() {
            files["case\(index).service"] = Array("[Service]\nExecStart=\(command)\n".utf8)
        }
        let units = try SystemdOracle.load(files)
        for (index, command) in Self.commands.enumerated() {
            let name = "case\(index).service"
            let loaded = try #require(units[name])
            #expect(loaded.loadState == "loaded", "\(command)")
            let ours: ExecCommand
            do throws(UnitError) {
                ours = try Self.command(files[name] ?? [])
            } catch {
                // What is no UTF-8 is refused by us: no text of a process can be compared with it.
                #expect(error.underlying.contains("UTF-8"), "\(command): \(error)")
                continue
            }
            let theirs = try #require(loaded.commands.first, "\(command)")
            #expect(Self.expanded(ours, unit: "case\(index)") == theirs, "\(command)")
            #expect(ours.matchesBus(argv: theirs).isSame, "\(command)")
        }
    }

    /// Lines that systemd does not load as one command, or at all: we refuse each.
    static let refused = [
        #"/bin/echo "a"#, #"/bin/echo a'b"#, #"/bin/echo "a\"#, #"/bin/echo a ; /bin/echo b"#,
        #"/bin/echo a ;"#,
        #"; /bin/echo a"#, #"-"#, #"@/bin/echo"#, #""" a"#, #"--/bin/echo a"#,
        #"./echo a"#, #"/bin/ a"#, #"/bin/e'c"'h\"o a"#, #"/bin/e\x01cho a"#,
    ]

    @Test func whatSystemdDoesNotRunAsOneCommandIsRefused() throws {
        for command in Self.refused {
            #expect(throws: UnitError.self, "\(command)") {
                try Self.command(Array("[Service]\nExecStart=\(command)\n".utf8))
            }
        }
        guard SystemdOracle.isThere else { return }
        var files: [String: [UInt8]] = [:]
        for (index, command) in Self.refused.enumerated() {
            files["case\(index).service"] = Array("[Service]\nType=oneshot\nExecStart=\(command)\n".utf8)
        }
        let units = try SystemdOracle.load(files)
        for (index, command) in Self.refused.enumerated() {
            let loaded = try #require(units["case\(index).service"])
            let isOneCommand = loaded.loadState == "loaded" && loaded.commands.count == 1
            // A lone ; at the end or start is dropped by systemd: refusing it is on the safe side.
            #expect(!isOneCommand || command.contains(";"), "\(command): \(loaded)")
        }
    }

    /// Whole files put together at random out of what is special in one; each has one seed.
    @Test(arguments: [1, 2, 3])
    func randomFilesAreReadAsSystemdReadsThem(seed: UInt64) throws {
        guard SystemdOracle.isThere else { return }
        var random = SeededGenerator(seed: seed)
        var files: [String: [UInt8]] = [:]
        for index in 0..<600 {
            var text = "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let tokens = Bool.random(using: &random) ? Self.commandTokens : Self.environmentTokens
                text += tokens[0]
                for _ in 0..<Int.random(in: 0...14, using: &random) {
                    text += tokens.dropFirst().randomElement(using: &random) ?? ""
                }
                text += Bool.random(using: &random) ? "\n" : "\r\n"
            }
            files["case\(index).service"] = Array((text + "\n[Service]\nExecStart=/bin/true\n").utf8)
        }
        let units = try SystemdOracle.load(files)
        var compared = 0
        for (name, bytes) in files {
            let loaded = try #require(units[name])
            let text = String(decoding: bytes, as: UTF8.self)
            guard let ours = try? Self.meaning(bytes, unit: name) else { continue }
            // Only %n is filled in; another specifier came about by chance, and %x or %z is none. A newline
            // in a variable is printed as it is, so that it cannot be told from the line's end.
            guard !"\(ours)".contains("<%"), !ours.environment.contains(where: { $0.contains("\n") }) else {
                continue
            }
            guard loaded.loadState == "loaded" else {
                Issue.record("systemd does not load what we read: \(text.debugDescription) \(ours)")
                continue
            }
            #expect(ours.commands == loaded.commands, "\(text.debugDescription)")
            #expect(ours.environment == loaded.environment.sorted(), "\(text.debugDescription)")
            compared += 1
        }
        #expect(compared > 200)
    }

    private static let commandTokens = [
        "ExecStart=/bin/echo ", " ", " ", "\t", "a", "b", "\"", "\"x y\"", "'", "'z'", "\\", "\\\\", "\\n",
        "\\x41",
        "\\q", ";", " ;x", "\\; ", "$", "$X", "${X}", "%%", "%n", "%", "é", "#", " \\\n", "\\\n",
        " \\\n  # c\n",
        " \\\n;c \\\n", " \\\r\n", "\r", "=", "[", "]",
    ]
    private static let environmentTokens = [
        "Environment=A=", " ", "\t", "a", "b", "\"", "\"x y\"", "'", "'z'", "\\", "\\\\", "\\x41", "\\q", "$",
        "%%", "%n", "é",
        "#", " \\\n", " \\\n  # c\n", " B=", " C=1 ", " \"D=2 3\"", " 1E=x", "F", "\nEnvironment=\n",
        "\nEnvironment=G=1",
        "\nenvironment=H=1", "\n Environment = I=1 ", "\n[X-Y]\nEnvironment=J=1\n[Service]\n",
    ]

    /// All commands of a file and its environment as `NAME=VALUE`, sorted.
    static func meaning(
        _ bytes: [UInt8], unit: String
    ) throws(UnitError) -> (commands: [[String]], environment: [String]) {
        let service = try EffectiveService(
            unit: "u.service", sources: [UnitText(path: "/u.service", bytes: bytes)])
        let name = String(unit.dropLast(".service".count))
        var commands: [[String]] = []
        for assignment in service.execStart {
            commands.append(expanded(try ExecCommand(assignment), unit: name))
        }
        let environment = service.environment.assigned.map { variable, value in
            variable + "=" + filled(ArgumentPattern(expanding: value.text), unit: name)
        }
        return (commands, environment.sorted())
    }

    static func command(_ bytes: [UInt8]) throws(UnitError) -> ExecCommand {
        try EffectiveService(unit: "u.service", sources: [UnitText(path: "/u.service", bytes: bytes)])
            .command(unit: "u.service")
    }

    /// The command's argv with the specifiers that the tables use filled in.
    static func expanded(_ command: ExecCommand, unit: String) -> [String] {
        command.arguments.map { filled(ArgumentPattern(expanding: $0.value), unit: unit) }
    }

    private static func filled(_ pattern: ArgumentPattern, unit: String) -> String {
        pattern.pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .specifier("n"): "\(unit).service"
            case .specifier("p"): unit
            case .specifier(let character): "<%\(character)>"
            }
        }.joined()
    }
}
