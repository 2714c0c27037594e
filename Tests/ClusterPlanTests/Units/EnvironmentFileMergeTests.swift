// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import ClusterPlan

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
    ]

    @Test(arguments: edits) func editsOnlyTheFlags(before: String?, after: String) throws {
        let wanted = after.replacing("OWN", with: Self.own)
        let rendered = try Self.render(before)
        #expect(rendered.path == "/etc/k8s/args")
        #expect(rendered.text.utf8.elementsEqual(wanted.utf8), "\(rendered.text.debugDescription)")
        // Edited again, it stays as it is.
        #expect(try Self.render(rendered.text).text.utf8.elementsEqual(wanted.utf8))
    }

    @Test func whatTheProcessGets() throws {
        let text = try Self.render("ARGS=\"--v=2 --requestheader-group-headers=X\"\n").text
        let service = try EffectiveService(
            sources: [UnitFixtures.fragment(Self.unitText)], environmentFiles: [Self.file.path: text])
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
            unitText.replacing("$ARGS", with: "$MORE $ARGS"), "MORE=--requestheader-allowed-names=x\n", [:],
            .flagsInVariable, "$MORE"
        ),
    ]

    @Test(arguments: refusals) func refuses(
        unit: String, text: String, others: [String: String], code: UnitError.Code, naming: String
    ) throws {
        let error = try #require(throws: UnitError.self) { try Self.render(text, unit: unit, others: others) }
        #expect(error.code == code)
        #expect(error.description.contains(naming), "\(error)")
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
        }
        #expect(edited > 100)
    }
}
