// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Planning
@testable import Spec
@testable import SystemdUnits
@testable import Values

/// The flags in one variable of a file that the unit reads.
@Suite struct EnvironmentFileMergeTests {
    static let file = EnvironmentFileSpec(path: "/etc/k8s/args", variable: "ARGS")
    static let unitText =
        "[Service]\nEnvironmentFile=/etc/k8s/args\nExecStart=/usr/bin/kube-apiserver $ARGS\n"
    static let own = UnitFixtures.flags.arguments.joined(separator: " ")

    static func render(
        _ text: String?, unit: String = unitText, others: [String: String] = [:]
    ) throws(UnitError) -> RenderedUnit {
        var files = others
        if let text { files[file.path] = text }
        return try RenderedUnit.environmentFile(
            unit: UnitFixtures.unit, base: [UnitFixtures.fragment(unit)], environmentFiles: files, file: file,
            flags: UnitFixtures.flags)
    }

    /// Before, and after with OWN for our flags.
    static let edits: [(String?, String)] = [
        (nil, "ARGS=\"OWN\"\n"), ("", "ARGS=\"OWN\"\n"), ("A=b", "A=b\nARGS=\"OWN\"\n"),
        ("ARGS=\n", "ARGS=\"OWN\"\n"), ("ARGS=\"\"\nB=c\n", "ARGS=\"OWN\"\nB=c\n"),
        ("ARGS='--v=2'\n", "ARGS='--v=2 OWN'\n"), ("ARGS=--v=2 --w=3  \n", "ARGS=--v=2 --w=3 OWN  \n"),
        ("# ARGS=no\nARGS=\"--v=2\" \n; end", "# ARGS=no\nARGS=\"--v=2 OWN\" \n; end"),
        (
            "ARGS=\"--v=2 \\\n  --requestheader-allowed-names=x \\\n  --w\"\n",
            "ARGS=\"--v=2 \\\n  --w OWN\"\n"
        ),
        ("ARGS=\"--proxy_client_key_file /k --v=2\"\n", "ARGS=\" --v=2 OWN\"\n"),
        ("ARGS=\"--enable-aggregator-routing\"\nZ=1\n", "ARGS=\"OWN\"\nZ=1\n"),
        ("ARGS=--old\nARGS=\"--v=2\"\n", "ARGS=--old\nARGS=\"--v=2 OWN\"\n"),
        ("ARGS=\"--x='a b' --y=\\\"c d\\\"\"\n", "ARGS=\"--x='a b' --y=\\\"c d\\\" OWN\"\n"),
        ("ARGS=\"--v=2\"\r\nB=c\r\n", "ARGS=\"--v=2 OWN\"\r\nB=c\r\n"),
        ("ARGS=\"--v=é ", "ARGS=\"--v=é OWN "),
        // A flag that goes reaches over the end of a quote.
        ("ARGS=\"--v=2 --proxy-client-cert-file=/c\"x\n#\n", "ARGS=\"--v=2 OWN\"\n#\n"),
        ("ARGS=\"--v=2 --proxy-client-cert-file=/c\"x --w\nB=c\n", "ARGS=\"--v=2 --w OWN\"\nB=c\n"),
        ("ARGS='--v=\"a b\" --proxy-client-key-file=/k'x", "ARGS=\"--v=\\\"a b\\\" OWN\""),
        (
            "A=\"--x --proxy-client-cert-file=/c\"x",
            "A=\"--x --proxy-client-cert-file=/c\"x\nARGS=\"OWN\"\n"
        ),
        (
            "A='--x --proxy-client-cert-file=/c'x \\",
            "A='--x --proxy-client-cert-file=/c'x \\\n\nARGS=\"OWN\"\n"
        ),
        // What is open at the end is ended before the variable is put there.
        ("# end \\", "# end \\\n\nARGS=\"OWN\"\n"), ("# end \\\n", "# end \\\n\nARGS=\"OWN\"\n"),
        ("A=b \\", "A=b \\\n\nARGS=\"OWN\"\n"), ("A=b \\\n", "A=b \\\n\nARGS=\"OWN\"\n"),
        ("A='b'", "A='b'\nARGS=\"OWN\"\n"), ("A", "A\nARGS=\"OWN\"\n"),
    ]

    @Test(arguments: edits) func editsOnlyTheFlags(before: String?, after: String) throws {
        let wanted = after.replacing("OWN", with: Self.own)
        let rendered = try Self.render(before)
        #expect(rendered.path == "/etc/k8s/args")
        #expect(rendered.text.utf8.elementsEqual(wanted.utf8), "\(rendered.text.debugDescription)")
        // Edited again, it stays as it is.
        #expect(try Self.render(rendered.text).text.utf8.elementsEqual(wanted.utf8))
        #expect(EnvironmentFile.isMerged(rendered.text, from: before ?? ""))
    }

    /// Whatever else was changed in either file, one is not made of the other.
    @Test(
        arguments: [
            ("ARGS=\"--v=2\"\n", "ARGS=\"--v=4 --proxy-client-key-file=/k\"\n"),
            ("ARGS=a\n", "ARGS=a\nB=c\n"),
            ("ARGS=a\nB=c\n", "ARGS=a\n"), ("A=b\n", "A=b\nARGS=\"--v=2\"\n"), ("#a\nA=b\n", "A=b\n"),
            ("ARGS='a b'\n", "ARGS='b --proxy-client-key-file=/k'\n"), ("A=\"'x\"\n", "A=\"\"\n"),
            ("A=\"'x\"\n", "A=\"'y\"\n"), ("A=\u{e9}\n", "A=e\u{301}\n"), ("ARGS=\n", ""),
        ] as [(String, String)])
    func isNotMerged(original: String, text: String) {
        #expect(!EnvironmentFile.isMerged(text, from: original))
        #expect(EnvironmentFile.isMerged(original, from: original))
    }

    @Test func whatTheProcessGets() throws {
        let text = try Self.render("ARGS=\"--v=2 --requestheader-group-headers=X\"\n").text
        let service = try EffectiveService(
            unit: UnitFixtures.unit, sources: [UnitFixtures.fragment(Self.unitText)],
            environmentFiles: [Self.file.path: text])
        let command = try service.command(unit: UnitFixtures.unit)
        let arguments = command.expand(environment: service.environment).arguments.compactMap(\.pattern.text)
        #expect(arguments == ["/usr/bin/kube-apiserver", "--v=2"] + UnitFixtures.flags.arguments)
    }

    static let refusals: [(String, String, [String: String], UnitError.Code, String)] = [
        (unitText.replacing("$ARGS", with: "${ARGS}"), "", [:], .doubled, "${ARGS}"),
        (unitText.replacing("$ARGS", with: "--v=2"), "", [:], .doubled, "0 times"),
        (unitText.replacing("$ARGS", with: "$ARGS $ARGS"), "", [:], .doubled, "2 times"),
        (unitText.replacing("$ARGS", with: "$ARGS --proxy-client-key-file=/k"), "", [:], .doubled, "outside"),
        (
            unitText.replacing("EnvironmentFile", with: "#"), "", [:], .overridden,
            "does not read /etc/k8s/args"
        ),
        (
            unitText.replacing("ExecStart", with: "EnvironmentFile=/later\nExecStart"), "",
            ["/later": "ARGS=x\n"], .overridden, "/later"
        ),
        (unitText + "UnsetEnvironment=ARGS\n", "", [:], .overridden, "UnsetEnvironment="),
        (unitText, "ARGS=\"--v=2 -- x\"\n", [:], .wrapper, "--"),
        (
            unitText.replacing("$ARGS", with: "$MORE $ARGS").replacing(
                "Exec", with: "Environment=MORE=--requestheader-allowed-names=x\nExec"), "ARGS=\n", [:],
            .flagsInVariable, "$MORE"
        ),
        // A value that crosses the end of a variable.
        (
            unitText.replacing("$ARGS", with: "$ARGS q"), "ARGS=\"--v=2 --requestheader-allowed-names\"\n",
            [:],
            .flagsInVariable, "--requestheader-allowed-names q outside of $ARGS, in part"
        ),
        (
            unitText.replacing("$ARGS", with: "$ARGS q"), "ARGS=\"--v=2 --etcd-servers\"\n", [:],
            .flagsInVariable, "--etcd-servers at the end of $ARGS takes its value from the next variable"
        ),
        // Each with its own cause.
        (
            unitText.replacing("$ARGS", with: "$A $B $ARGS"),
            "A=\"--x\"\nB=\"--proxy-client-cert-file=/c q\"\nARGS=--v=2\n", [:], .flagsInVariable,
            "without the aggregation flags that are there now, --x"
        ),
        (unitText, "A=b\nB=\"c\nD=e\n", [:], .badSyntax, "/etc/k8s/args:2: the quote"),
        (unitText, "#\nARGS=\"--x='a b\"\n", [:], .badSyntax, "/etc/k8s/args:2: a quote within $ARGS"),
        (unitText, "ARGS='--v=2 \\'\n", [:], .badSyntax, "$ARGS ends with a backslash"),
        (unitText, "A=b\nB=\0\nARGS=--v=2\n", [:], .unreadableText, "/etc/k8s/args:2: it holds a NUL byte"),
        (unitText, "ARGS=--v=2\nB=\0", [:], .unreadableText, "NUL"),
        (
            unitText + "UnsetEnvironment=\"ARGS=--v=2 --x\"\n", "ARGS=\"--v=2 --x\"\n", [:], .overridden,
            "UnsetEnvironment= names $ARGS"
        ),
        (
            unitText.replacing("$ARGS", with: "$A $ARGS") + "UnsetEnvironment=A=--v=2\n",
            "A=\"--v=2 --proxy-client-key-file=/k\"\nARGS=\n", [:], .overridden, "UnsetEnvironment= names $A"
        ),
        (
            unitText.replacing("Env", with: "EnvironmentFile=/early\nEnv"), "", ["/early": "ARGS=--v=2\n"],
            .overridden, "/early sets $ARGS, and /etc/k8s/args, which is read later"
        ),
        (
            unitText.replacing("Exec", with: "Environment=ARGS=--x=%n\nExec"), "", [:], .overridden,
            "cannot be copied"
        ),
        (
            unitText.replacing("Exec", with: "Environment=\"ARGS=--x='a b'\"\nExec"), "", [:], .overridden,
            "cannot be copied"
        ),
    ]

    /// A default of the unit's is what the process has: it goes into the file, where it would be overridden.
    @Test(arguments: [
        ("Environment=\"ARGS=--v=2 --w=%%\"", "", "ARGS=\"--v=2 --w=% OWN\"\n"),
        ("Environment=ARGS=", "A=b", "A=b\nARGS=\"OWN\"\n"),
        (
            "Environment=\"ARGS=--v=2 --proxy-client-key-file=/k\"", "A=b\n",
            "A=b\nARGS=\"--v=2 OWN\"\n"
        ),
        ("Environment=ARGS=--v=2", "ARGS=--w\n", "ARGS=--w OWN\n"),
    ]) func aDefaultOfTheUnit(setting: String, before: String, after: String) throws {
        let unit = Self.unitText.replacing("Exec", with: "\(setting)\nExec")
        let wanted = after.replacing("OWN", with: Self.own)
        let text = try Self.render(before, unit: unit).text
        #expect(text.utf8.elementsEqual(wanted.utf8), "\(text.debugDescription)")
        #expect(try Self.render(text, unit: unit).text.utf8.elementsEqual(wanted.utf8))
    }

    @Test(arguments: refusals) func refuses(
        unit: String, text: String, others: [String: String], code: UnitError.Code, naming: String
    ) throws {
        let error = try #require(throws: UnitError.self) { try Self.render(text, unit: unit, others: others) }
        #expect(error.code == code)
        #expect(error.description.contains(naming), "\(error)")
    }

    /// Flags of ours in other variables of the file go, also where the value is in the next one.
    static let severalVariables: [(String, String, String)] = [
        (
            "$A $ARGS", "A=\"--x=1 --requestheader-allowed-names\"\nARGS=\"q --y=2\"\n",
            "A=\"--x=1\"\nARGS=\" --y=2 OWN\"\n"
        ),
        (
            "$ARGS $A", "A=\"q --y=2\"\nARGS=\"--x=1 --requestheader-allowed-names\"\n",
            "A=\" --y=2\"\nARGS=\"--x=1 OWN\"\n"
        ),
        // A variable of two flags, or one that is doubled: all of them are gathered.
        (
            "$A $B $ARGS",
            "A=--proxy-client-cert-file=/c\nB='--proxy-client-key-file=/k --requestheader-allowed-names=x'\n"
                + "ARGS=--v=2\n", "A=\nB=''\nARGS=--v=2 OWN\n"
        ),
        (
            "$A $B $ARGS", "A=--proxy-client-cert-file=/c\nB='--proxy-client-cert-file=/d'\nARGS=--v=2\n",
            "A=\nB=''\nARGS=--v=2 OWN\n"
        ),
        ("$A $ARGS", "A=\"--proxy-client-cert-file=/c --z\"\n", "A=\" --z\"\nARGS=\"OWN\"\n"),
        (
            "$A $ARGS", "A=\"--x --proxy-client-cert-file=/c\"d\nARGS=--v=2\n",
            "A=\"--x\"\nARGS=--v=2 OWN\n"
        ),
    ]

    @Test(arguments: severalVariables) func takesFlagsOutOfOtherVariables(
        command: String, before: String, after: String
    ) throws {
        let unit = Self.unitText.replacing("$ARGS", with: command)
        let wanted = after.replacing("OWN", with: Self.own)
        let text = try Self.render(before, unit: unit).text
        #expect(text.utf8.elementsEqual(wanted.utf8), "\(text.debugDescription)")
        #expect(try Self.render(text, unit: unit).text.utf8.elementsEqual(wanted.utf8))
        #expect(EnvironmentFile.isMerged(text, from: before))
    }

    /// One variable per flag: each keeps its flag, and the variable of the spec takes those that none has.
    @Test(arguments: [
        (
            "$A $B $ARGS", "A=--proxy-client-cert-file=/c\nB='--proxy-client-key-file  /k'\nARGS=--v=2\n",
            ["proxy-client-cert-file", "proxy-client-key-file"]
        ),
        (
            "$ARGS $A",
            "# a\nA=\"--proxy_client_key_file=/k\"\nARGS=\"--requestheader-allowed-names=x --w\"\n",
            ["proxy-client-key-file"]
        ),
        ("$A $ARGS", "A=\"--requestheader-allowed-names=q\"\n", ["requestheader-allowed-names"]),
        ("$A $ARGS", "A=\"--requestheader-allowed-names=q\"r\n", ["requestheader-allowed-names"]),
    ]) func oneVariablePerFlag(command: String, before: String, elsewhere: [String]) throws {
        let unit = Self.unitText.replacing("$ARGS", with: command)
        let text = try Self.render(before, unit: unit).text
        let flags = UnitFixtures.flags.arguments
        let values = EnvironmentFile.parse(text).variables
        for variable in values where variable.name != "ARGS" {
            #expect(flags.contains(variable.value), "\(variable)")
        }
        let ours = flags.filter { flag in !elsewhere.contains { flag.hasPrefix("--\($0)=") } }
        #expect(values.last?.name == "ARGS")
        #expect(values.last?.value.hasSuffix(ours.joined(separator: " ")) == true, "\(text)")
        #expect(text.contains("# a") == before.contains("# a"))
        #expect(try Self.render(text, unit: unit).text.utf8.elementsEqual(text.utf8))
        #expect(EnvironmentFile.isMerged(text, from: before))
    }

    /// Where each flag has its variable, the variable of the spec is not touched.
    @Test func oneVariablePerFlagOfAll() throws {
        let flags = UnitFixtures.flags.arguments
        let names = flags.indices.map { "A\($0)" }
        let unit = Self.unitText.replacing(
            "$ARGS", with: names.map { "$\($0)" }.joined(separator: " ") + " $ARGS")
        func file(_ values: [String]) -> String {
            zip(names, values).map { "\($0)='\($1)'\n" }.joined()
        }
        let old = flags.map { String($0.prefix { $0 != "=" }) + "=old" }
        for rest in ["", "ARGS=--v=2\n"] {
            #expect(try Self.render(file(old) + rest, unit: unit).text == file(flags) + rest)
        }
    }

    /// A shell puts the variable in: only the file changes.
    static let shells: [(String, UnitError.Code?)] = [
        ("/bin/sh -c 'exec kube-apiserver --a=1 $ARGS'", nil),
        ("/bin/bash -ec \"exec /usr/bin/kube-apiserver ${ARGS} >>/var/log/k 2>&1\"", nil),
        ("/usr/bin/env bash -c 'ulimit -n 9; exec /usr/bin/kube-apiserver $$ARGS'", nil),
        ("/bin/sh -c 'exec kube-apiserver \"$ARGS\"'", .doubled),
        ("/bin/sh -c 'exec kube-apiserver; echo $ARGS'", .doubled),
        ("/bin/sh -c 'exec kube-apiserver $ARGS --requestheader-allowed-names=x'", .doubled),
        ("/bin/sh -c 'exec etcd $ARGS'", .doubled), ("/bin/sh /opt/start $ARGS", .wrapper),
    ]

    @Test(arguments: shells) func behindAShell(command: String, code: UnitError.Code?) throws {
        let unit = "[Service]\nEnvironmentFile=/etc/k8s/args\nExecStart=\(command)\n"
        let text = "ARGS=\"--v=2 --proxy-client-key-file=/k\"\n"
        do throws(UnitError) {
            let rendered = try Self.render(text, unit: unit)
            #expect(code == nil && rendered.text == "ARGS=\"--v=2 \(Self.own)\"\n", "\(rendered.text)")
        } catch { #expect(error.code == code, "\(error)") }
        // What a shell would do more with than split it.
        for value in ["--v='2'", "--v=$HOME", "--v=*"] {
            #expect(throws: UnitError.self) { try Self.render("ARGS=\"\(value)\"\n", unit: unit) }
        }
        // What a shell does not split at, such as the no-break space that comes with a copied line.
        for value in ["--v=2\u{a0}--w", "--v=2\u{b}--w", "--v=2 \u{301}--w", "--v=2\u{2028}"] {
            let rendered = try? Self.render("ARGS=\"\(value) --proxy-client-key-file=/k\"\n", unit: unit)
            let wanted = code == nil ? "ARGS=\"\(value) \(Self.own)\"\n" : nil
            #expect(rendered?.text.bytes == wanted?.bytes)
        }
        #expect(throws: UnitError.self) { try Self.render("ARGS=\"--v=2 \r --w\"\n", unit: unit) }
    }

    /// Where all aggregation flags of a unit come out of one file, `auto` leaves them there.
    @Test func whereAutoPutsThem() {
        func home(_ command: String, _ files: [String: String], own: Bool = false) -> FlagsTarget? {
            let text =
                "[Service]\nEnvironmentFile=/a\nEnvironmentFile=-/b\nExecStart=/kube-apiserver \(command)\n"
            var unit = ObservedUnit(
                base: [UnitFixtures.fragment(text)], baseDigests: [""], environmentFiles: files, live: nil)
            unit.hasOwnDropIn = own
            return FlagsTarget.resolve(UnitFixtures.spec(), unit: unit, access: .offline)
        }
        let dropIn = FlagsTarget.dropIn(path: UnitPaths.dropIn(of: UnitFixtures.unit))
        let flag = "--proxy-client-key-file=/k"
        func inFile(_ path: String, _ variable: String) -> FlagsTarget {
            .environmentFile(EnvironmentFileSpec(path: path, variable: variable))
        }
        #expect(home("$A", ["/a": "A=\(flag)\n"]) == inFile("/a", "A"))
        #expect(home("$A", ["/a": "A=\(flag)\n"], own: true) == dropIn)
        #expect(home("$A $B", ["/a": "A=\(flag)\n", "/b": "B=--requestheader-allowed-names=x\n"]) == dropIn)
        #expect(home("$A \(flag)", ["/a": "A=\(flag)\n"]) == dropIn)
        #expect(home("$A $B", ["/a": "A=\(flag)\nB=--requestheader-allowed-names=x\n"]) == inFile("/a", "B"))
        #expect(home("$A", ["/a": "A=--v=2\n"]) == dropIn)
    }

    /// Whatever the file is: other variables keep their values, other arguments stay, and a second edit changes nothing.
    @Test(arguments: 1...8) func randomFiles(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "ARGS=", "B=", "\"", "'", "\\", "\n", " ", "--v=2", "--requestheader-allowed-names=x", "#", "é",
            "--proxy-client-key-file ", "\r\n", "\\\n", "$X", "=",
        ]
        var edited = 0
        for _ in 0..<200 {
            let text = (0..<Int.random(in: 1...14, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            guard let rendered = try? Self.render(text) else { continue }
            edited += 1
            func others(_ text: String) -> [String] {
                EnvironmentFile.parse(text).variables.filter { $0.name != "ARGS" }.map {
                    "\($0.name)=\($0.value)"
                }
            }
            #expect(others(text) == others(rendered.text), "\(text.debugDescription)")
            let again = try Self.render(rendered.text)
            #expect(again.text.utf8.elementsEqual(rendered.text.utf8), "\(text.debugDescription)")
            #expect(EnvironmentFile.isMerged(rendered.text, from: text), "\(text.debugDescription)")
        }
        #expect(edited > 100)
    }
}
