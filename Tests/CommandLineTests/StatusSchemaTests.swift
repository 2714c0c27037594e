// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What `status -o json` says is what `status --schema` says, by python's jsonschema.
@Suite struct StatusSchemaTests {
    /// Validates every text; a member that the schema does not name is an error here, although others may ignore it.
    private func faults(in texts: [String]) throws -> [String] {
        let directory = try TemporaryDirectory()
        let schema = try aggbootstrap(["status", "--schema", "--spec", "none"], in: directory)
        #expect(schema.status == 0 && schema.stderr == "")
        try directory.write(schema.stdout, to: "schema.json")
        try directory.write(
            String(decoding: try JSONSerialization.data(withJSONObject: texts), as: UTF8.self),
            to: "texts.json")
        let program = """
            import json
            from jsonschema import Draft202012Validator
            schema = json.load(open("schema.json"))
            Draft202012Validator.check_schema(schema)
            used = set()
            for part in schema["$defs"].values():
                part["additionalProperties"] = False
            # Which of the three it is, so that an error is not just that none fits.
            def kind(document):
                return "fleet" if "clusters" in document else "failure" if "nodes" not in document else "cluster"
            for text in json.load(open("texts.json")):
                document = json.loads(text)
                Draft202012Validator(schema).validate(document)
                part = {"$ref": "#/$defs/" + kind(document), "$defs": schema["$defs"]}
                for error in Draft202012Validator(part).iter_errors(document):
                    print(error.json_path, error.message)
            """
        let result = try run("/usr/bin/python3", ["-c", program], currentDirectory: directory.path)
        return (result.stdout + result.stderr).split(separator: "\n").map(String.init)
    }

    @Test func realDocuments() throws {
        let fleet = try Fleet()
        let directory = fleet.directory
        var texts: [String] = []
        func take(_ arguments: [String], is expected: Int32 = 0) throws {
            let result = try aggbootstrap(["status", "-o", "json"] + arguments, in: directory)
            #expect(result.status == expected, "\(result.stderr)")
            texts.append(result.stdout)
        }
        let one = ["--spec", "clusters/shanghai.json", "--root", "out/shanghai"]
        try take(one)
        #expect(try aggbootstrap(["init", "-q", "--root", "embedded"], in: directory).status == 0)
        try take(["--root", "embedded"])
        try take(["--spec", "clusters", "--root", "out"])
        let damage = """
            chmod 640 out/shanghai/cp1/etc/kubernetes/ssl/aggregator-key.pem
            rm out/shanghai/cp2/etc/kubernetes/ssl/aggregator.pem; rm -r out/berlin/cp1/etc/kubernetes/ssl
            mv out/shanghai/cp3 out/shanghai/real; ln -s real out/shanghai/cp3
            """
        #expect(try shell(damage, in: directory).status == 0)
        try take(one + ["--warn-before", "30d"], is: 4)
        try directory.write("{ \"apiVersion\": \"aggbootstrap/v1\" }", to: "clusters/bad.json")
        try take(["--spec", "clusters", "--root", "out"], is: 65)
        try take(["--spec", "clusters/bad.json"], is: 65)
        try take(["--spec", "none"], is: 65)
        try take(["--frobnicate"], is: 64)
        try directory.write("Port 1\n", to: "ssh_config")
        let ssh = "\"ssh\": { \"configFile\": \"\(directory.file("ssh_config"))\" }"
        try directory.write(
            """
            { "apiVersion": "aggbootstrap/v1", "cluster": "far", "nodes": [
              { "name": "cp1", "address": "127.0.0.1", \(ssh) }] }
            """, to: "far.json")
        try take(["--spec", "far.json", "--state", "far"], is: 4)
        #expect(try faults(in: texts) == [])
    }

    @Test func aRotationThatIsOpen() throws {
        let fleet = try Fleet()
        let entry =
            "{\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"rotation-begin\",\"keep\":\"x\",\"retire\":\"y\"}"
        #expect(
            try shell("echo '\(entry)' >>out/berlin/.state/ledger.jsonl", in: fleet.directory).status == 0)
        let text = try fleet.status(["-o", "json"]).stdout
        #expect(
            text.contains("\"direction\" : \"forward\"") && text.contains("\"event\" : \"rotation-begin\""))
        #expect(try faults(in: [text]) == [])
    }

    /// It can fail.
    @Test func wrongDocumentsAreSeen() throws {
        let fleet = try Fleet()
        let text = try fleet.status(["-o", "json"]).stdout
        for (from, to) in [
            ("\"caLoaded\" : \"unknown\"", "\"caLoaded\" : \"perhaps\""),
            ("\"cluster\" : ", "\"clutter\" : "),
            ("\"secondsLeft\" : ", "\"secondsLeft\" : 0.5"),
            ("\"schemaVersion\" : 2", "\"schemaVersion\" : 1"),
        ] {
            #expect(text.contains(from))
            #expect(try !faults(in: [text.replacing(from, with: to)]).isEmpty, "\(to)")
        }
    }
}
