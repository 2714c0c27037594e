// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SystemdUnits
@testable import Values

/// A unit that the flags must not be merged into.
struct RefusalCase: Sendable, CustomTestStringConvertible {
    var text: String
    var code: UnitError.Code
    /// What the message must name.
    var naming: [String]
    var dropIns: [String: String] = [:]
    var environmentFiles: [String: String] = [:]

    var testDescription: String { "\(text) \(dropIns) \(environmentFiles)" }

    private static let file = "EnvironmentFile=-/etc/k8s/args\n"

    static let all: [RefusalCase] = [
        .init(text: "User=root", code: .noCommand, naming: ["ExecStart="]),
        .init(text: "ExecStart=/a\nExecStart=/b", code: .severalCommands, naming: [":2", ":3"]),
        .init(text: "ExecStart=/a ; /b", code: .severalCommands, naming: [":2", ";"]),
        .init(text: "ExecStart=/a \"b", code: .badSyntax, naming: [":2", "quotes"]),
        .init(text: "ExecStart=/bin/sh -c 'exec kube-apiserver --x'", code: .wrapper, naming: ["shell"]),
        .init(text: "ExecStart=-/usr/bin/bash /opt/start", code: .wrapper, naming: ["shell"]),
        .init(
            text: "ExecStart=/usr/bin/env bash -c \"exec /usr/bin/kube-apiserver $A\"", code: .wrapper,
            naming: ["one argument"]),
        .init(text: "ExecStart=/a --x -- --y", code: .wrapper, naming: ["--"]),
        .init(text: "Environment=\"A=--x --\"\nExecStart=/a $A", code: .wrapper, naming: ["--"]),
        .init(
            text: file + "ExecStart=/a $ARGS", code: .flagsInVariable,
            naming: ["--requestheader-allowed-names", "$ARGS", "/etc/k8s/args"],
            environmentFiles: ["/etc/k8s/args": "ARGS=\"--x --requestheader_allowed_names=y\"\n"]),
        .init(
            text: "Environment=A=--proxy-client-key-file=/k\nExecStart=/a --x=1 ${A}", code: .flagsInVariable,
            naming: ["--proxy-client-key-file", "$A", ":2"]),
        .init(
            text: "Environment=A=proxy\nExecStart=/a --${A}-client-key-file=/k", code: .flagsInVariable,
            naming: ["$A"]),
        .init(
            text: "Environment=\"A=/k --x\"\nExecStart=/a --proxy-client-key-file $A", code: .flagsInVariable,
            naming: ["$A"]),
        .init(text: "ExecStart=/a --proxy-client-key-file $A --x", code: .flagsInVariable, naming: ["$A"]),
        .init(text: "ExecStart=/a ${AGGREGATION_FLAGS}", code: .doubled, naming: ["${AGGREGATION_FLAGS}"]),
        .init(text: "ExecStart=/a --x=${AGGREGATION_FLAGS}", code: .doubled, naming: ["split"]),
        .init(
            text: "ExecStart=/a $AGGREGATION_FLAGS $AGGREGATION_FLAGS", code: .doubled, naming: ["2 times"]),
        .init(
            text: "ExecStart=/a --requestheader-allowed-names=x $AGGREGATION_FLAGS", code: .doubled,
            naming: ["--requestheader-allowed-names=x"]),
        .init(
            text: "Environment=A=--proxy-client-key-file=/k\nExecStart=/a $A $AGGREGATION_FLAGS",
            code: .flagsInVariable, naming: ["$A"]),
        .init(
            text: file + "ExecStart=/a $AGGREGATION_FLAGS", code: .overridden, naming: ["/etc/k8s/args"],
            environmentFiles: ["/etc/k8s/args": "AGGREGATION_FLAGS=\n"]),
        .init(
            text: "UnsetEnvironment=AGGREGATION_FLAGS\nExecStart=/a $AGGREGATION_FLAGS", code: .overridden,
            naming: ["UnsetEnvironment="]),
        .init(
            text: "ExecStart=/a", code: .overridden, naming: ["zzz.conf:2"],
            dropIns: ["zzz.conf": "[Service]\nExecStart=\nExecStart=/b\n"]),
        .init(
            text: "ExecStart=/a $AGGREGATION_FLAGS", code: .overridden, naming: ["zzz.conf:2"],
            dropIns: ["zzz.conf": "[Service]\nEnvironment=AGGREGATION_FLAGS=--x\n"]),
        .init(
            text: "ExecStart=/a $AGGREGATION_FLAGS", code: .overridden, naming: ["AGGREGATION_FLAGS"],
            dropIns: ["zzz.conf": "[Service]\nEnvironment=\n"]),
        .init(
            text: "ExecStart=/a", code: .overridden, naming: ["zz-aggregation.conf"],
            dropIns: ["zz-aggregation.conf": "[Service]\n"]),
        .init(
            text: "ExecStart=/a \\\n # c\n --proxy-client-key-file=/k #x", code: .unsafeValue,
            naming: ["#x", "comment"]),
        .init(text: "ExecStart=/a\n[Install", code: .badSyntax, naming: [":3"]),
    ]
}

@Suite struct MergeRefusalTests {
    @Test(arguments: RefusalCase.all)
    func whatCannotBeMergedSurelyIsRefused(_ refusal: RefusalCase) {
        let base =
            [UnitFixtures.fragment("[Service]\n\(refusal.text)\n")]
            + refusal.dropIns.sorted { $0.key < $1.key }.map { UnitFixtures.dropIn($0.key, $0.value) }
        let error = #expect(throws: UnitError.self) {
            try UnitFixtures.merge(base, environmentFiles: refusal.environmentFiles)
        }
        #expect(error?.code == refusal.code)
        for part in refusal.naming {
            #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
        }
        let needsHint = ![.badSyntax, .wrapper].contains(refusal.code)
        #expect(!needsHint || error?.hint != nil)
    }

    @Test(arguments: ["a", "a/b.service", ".service", "a b.service", "a\n.service", "a.timer"])
    func onlyAServiceUnitIsWritten(unit: String) {
        let error = #expect(throws: UnitError.self) {
            try RenderedUnit.environmentOnly(unit: unit, flags: UnitFixtures.flags)
        }
        #expect(error?.code == .unsafeValue)
    }

    @Test(arguments: [
        "/etc/a\nb", "/etc/a\tb", "/etc/a\u{7F}", "/etc/\u{85}", "/etc/\u{2028}", "/etc/\u{FFFF}", "/etc/\0",
    ])
    func controlCharactersAreRefused(directory: String) {
        let flags = APIServerFlags(spec: UnitFixtures.spec(directory: directory))
        let error = #expect(throws: UnitError.self) {
            try UnitFixtures.merge([UnitFixtures.fragment("[Service]\nExecStart=/a\n")], flags: flags)
        }
        #expect(error?.code == .unsafeValue)
    }

    @Test(arguments: ["/etc/a b", "/etc/a\"b", "/etc/a'b", "/etc/a\\b"])
    func aVariableTakesNoValueThatItWouldSplit(directory: String) {
        let flags = APIServerFlags(spec: UnitFixtures.spec(directory: directory))
        let error = #expect(throws: UnitError.self) {
            try RenderedUnit.environmentOnly(unit: UnitFixtures.unit, flags: flags)
        }
        #expect(error?.code == .unsafeValue)
    }
}
