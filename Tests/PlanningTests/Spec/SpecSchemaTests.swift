// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Spec

/// The schema against python's jsonschema, and against the parser: it never refuses what the parser accepts.
@Suite struct SpecSchemaTests {
    /// What the schema says of each text, as JSON Schema keywords; empty where it accepts the text.
    private func verdicts(on texts: [String]) throws -> [[String]] {
        let directory = try TemporaryDirectory()
        try directory.write(SpecSchema.json, to: "schema.json")
        let list = try JSONSerialization.data(withJSONObject: texts)
        try directory.write(String(decoding: list, as: UTF8.self), to: "texts.json")
        let program = """
            import json
            from jsonschema import Draft202012Validator
            schema = json.load(open("schema.json"))
            Draft202012Validator.check_schema(schema)
            validator = Draft202012Validator(schema)
            print(json.dumps([sorted({e.validator for e in validator.iter_errors(json.loads(text))})
                              for text in json.load(open("texts.json"))]))
            """
        // Debian's own interpreter is the one that Debian's python3-jsonschema is for.
        let result = try run("/usr/bin/python3", ["-c", program], currentDirectory: directory.path)
        try #require(result.status == 0, "\(result.stderr)")
        return try #require(
            try JSONSerialization.jsonObject(with: Data(result.stdout.utf8)) as? [[String]])
    }

    @Test func goodSpecsAreAccepted() throws {
        let accepted = BadSpecTests.rows.filter { $0.codes.isEmpty }.map {
            String(decoding: MarkedText($0.text).bytes, as: UTF8.self)
        }
        #expect(accepted.count >= 8)
        let whole = [
            tutorialSpec, spec(), EmbeddedDefault.spec,
            SpecDocument.minimal(cluster: "a", nodes: [NewNode(name: "b")]),
        ]
        for (text, verdict) in zip(whole + accepted, try verdicts(on: whole + accepted)) {
            #expect(verdict == [], "\(text)")
        }
    }

    /// What is wrong in form is wrong for the schema too; what holds between values is the parser's alone.
    @Test func badSpecsAreRejected() throws {
        let formal: Set<SpecProblem.Code> = [.unknownKey, .missingKey, .wrongType, .wrongValue, .count]
        // JSON Schema takes 384.0 for a whole number.
        let rows = BadSpecTests.rows.filter {
            !formal.isDisjoint(with: $0.codes) && !$0.text.contains("384.0")
        }
        #expect(rows.count >= 35)
        let texts = rows.map { String(decoding: MarkedText($0.text).bytes, as: UTF8.self) }
        for (text, verdict) in zip(texts, try verdicts(on: texts)) { #expect(verdict != [], "\(text)") }
    }

    static let faults: [(members: String, keyword: String)] = [
        (#""colour": 1,"#, "additionalProperties"),
        (#""certificates": {"ca": {"CN": "x"}},"#, "additionalProperties"),
        (#""kubernetesVersion": "v1.20.2","#, "pattern"), (#""kubernetesVersion": 1.20,"#, "type"),
        (#""stateDirectory": "state","#, "pattern"),
        (#""certificates": {"directory": "/etc/k8s ssl"},"#, "pattern"),
        (#""certificates": {"files": {"ca": "a/b"}},"#, "pattern"),
        (#""certificates": {"ca": {"validity": "8760"}},"#, "pattern"),
        (#""certificates": {"ca": {"names": {"C": "CHN"}}},"#, "pattern"),
        (#""certificates": {"ca": {"commonName": ""}},"#, "minLength"),
        (#""certificates": {"ca": {"commonName": "\#(String(repeating: "c", count: 56))"}},"#, "maxLength"),
        (#""certificates": {"ca": {"key": {"algorithm": "RSA"}}},"#, "enum"),
        (#""certificates": {"ca": {"key": {"size": 1024}}},"#, "enum"),
        (#""certificates": {"proxyClient": {"usages": []}},"#, "minItems"),
        (#""certificates": {"proxyClient": {"usages": ["client auth", "client auth"]}},"#, "uniqueItems"),
        (#""certificates": {"proxyClient": {"perNode": "true"}},"#, "type"),
        (#""certificates": {"proxyClient": {"hosts": ["*.example.org"]}},"#, "pattern"),
        (#""requestHeader": {"allowedNames": "aggregator"},"#, "type"),
        (#""requestHeader": {"usernameHeaders": ["X User"], "allowCustomHeaders": true},"#, "pattern"),
        (#""apiServer": {"unit": "kube-apiserver"},"#, "pattern"),
        (#""apiServer": {"flagsIn": "drop-in"},"#, "enum"),
        (#""apiServer": {"environmentFile": {"path": "/etc/a.env"}},"#, "required"),
        (#""apiServer": {"environmentFile": {"path": "/etc/a.env", "variable": "$A"}},"#, "pattern"),
    ]

    @Test func everyKindOfFaultIsNamed() throws {
        let texts = Self.faults.map { spec($0.members) }
        for (fault, verdict) in zip(Self.faults, try verdicts(on: texts)) {
            #expect(verdict == [fault.keyword], "\(fault.members)")
            #expect(problems(in: Array(spec(fault.members).utf8)) != nil, "\(fault.members)")
        }
    }
}
