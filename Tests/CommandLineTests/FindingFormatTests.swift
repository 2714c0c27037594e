// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `verify --offline -o junit|sarif|github|gitlab`: findings as CI systems read them, compared with what `-o json` says.
@Suite struct FindingFormatTests {
    private let directory: TemporaryDirectory
    /// A path with what XML, URIs and workflow commands give a meaning.
    private static let trees = "a, b: 100% & <c>"

    init() throws {
        directory = try TemporaryDirectory()
        let made = try aggbootstrap(["init", "--root", "out"], in: directory)
        try #require(made.status == 0, "\(made.stderr)")
        let damage = """
            mkdir "$T"; for node in cp1 cp2 cp3; do cp -a out/cp1 "$T/$node"; done; mkdir -p "$T/cp4/etc/kubernetes"
            sed -i s/names=aggregator/names=other/ "$T"/cp2/etc/systemd/system/*.d/*.conf
            chmod 640 "$T"/cp3/etc/kubernetes/ssl/aggregator-key.pem
            sed -i -E 's/ --service-account-(issuer|signing-key-file)=[^ ]*//' "$T"/cp3/etc/systemd/system/*.d/*.conf
            """
        let broken = try shell("T='\(Self.trees)'\n\(damage)", in: directory)
        try #require(broken.status == 0, "\(broken.stderr)")
        // Flags that are missing have one place, and are two findings.
        for format in ["json", "junit", "sarif", "github", "gitlab"] {
            let result = try aggbootstrap(
                ["verify", "--offline", Self.trees, "--kubernetes-version", "v1.33.2", "-o", format],
                in: directory, environment: ["GITHUB_STEP_SUMMARY": directory.file("summary.md")])
            try #require(result.status == 4 && result.stderr.isEmpty, "\(result.stdout)\(result.stderr)")
            try directory.write(result.stdout, to: "report.\(format)")
        }
    }

    /// What a script prints that has `findings` of the JSON document, `text` of another one, and `schema(TEXT)`.
    private func python(_ format: String, _ script: String) throws -> String {
        let head = """
            import json, re, urllib.parse
            import xml.etree.ElementTree as tree
            from jsonschema import Draft7Validator
            findings = json.load(open("report.json"))["findings"]
            codes = sorted({finding["code"] for finding in findings})
            assert codes == ["lint/key-group-readable", "lint/missing-required-flag", "lint/name-not-allowed", "lint/no-unit"], codes
            text = open("report.\(format)").read()
            root = "\(Self.trees)"
            def place(finding):
                return finding.get("file", root + "/" + finding["node"])
            def check(document, schema):
                Draft7Validator.check_schema(schema)
                for error in Draft7Validator(schema).iter_errors(document):
                    print(error.json_path, error.message)

            """
        let result = try run(
            "/usr/bin/python3", ["-c", head + script], currentDirectory: directory.path)
        return result.stdout + result.stderr
    }

    @Test func junit() throws {
        let faults = try python(
            "junit",
            """
            document = tree.fromstring(text)
            assert len(json.load(open("report.json"))["gaps"]) == 3
            cases = list(document.iter("testcase"))
            wanted = sorted((f["node"], f["code"], place(f), f.get("line"), f["severity"] == "error") for f in findings)
            found = sorted((c.get("classname"), c.get("name"), c.get("file"), c.get("line") and int(c.get("line")),
                            c.find("failure") is not None) for c in cases)
            if wanted != found: print(wanted, found)
            for suite in [document] + list(document.iter("testsuite")):
                below = list(suite.iter("testcase"))
                counts = [len(below), sum(c.find("failure") is not None for c in below), 0, 0]
                if counts != [int(suite.get(key)) for key in ("tests", "failures", "errors", "skipped")]: print(suite.attrib)
            for f in findings:
                words = [c for c in cases if (c.get("classname"), c.get("name")) == (f["node"], f["code"])]
                if not any(f["message"] in c[0].text and f["remedy"] in c[0].text for c in words): print(f)
            """)
        #expect(faults == "")
    }

    /// What SARIF 2.1.0 requires of the members that are used, and that it knows no others.
    private static let sarifSchema = """
        def some(required, **properties):
            return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}
        words = some(["text"], text={"type": "string", "minLength": 1})
        index = {"type": "integer", "minimum": -1}
        rule = some(["id"], id={"type": "string"}, shortDescription=words, help=words)
        driver = some(["name"], name={"type": "string"}, version={"type": "string"},
                      rules={"type": "array", "uniqueItems": True, "items": rule})
        artifact = some([], uri={"type": "string", "pattern": r"^([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})+$"})
        region = some([], startLine={"type": "integer", "minimum": 1})
        # GitHub refuses a result that has no file.
        physical = some(["artifactLocation"], artifactLocation=artifact, region=region)
        logical = some([], name={"type": "string"}, kind={"type": "string"})
        location = some(["physicalLocation"], physicalLocation=physical, logicalLocations={"type": "array", "items": logical})
        result = some(["message", "ruleId"], ruleId={"type": "string"}, ruleIndex=index,
                      level={"enum": ["none", "note", "warning", "error"]}, message=words,
                      locations={"type": "array", "minItems": 1, "items": location})
        run = some(["tool"], tool=some(["driver"], driver=driver), results={"type": "array", "items": result},
                   columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]})
        schema = some(["version", "runs"], version={"const": "2.1.0"}, runs={"type": "array", "items": run})
        schema["properties"]["$schema"] = {"type": "string", "format": "uri"}

        """

    @Test func sarif() throws {
        let faults = try python(
            "sarif",
            Self.sarifSchema + """
                document = json.loads(text)
                check(document, schema)
                run = document["runs"][0]
                rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
                if sorted(rules) != codes: print(rules)
                found = []
                for result in run["results"]:
                    if rules[result["ruleIndex"]] != result["ruleId"]: print(result)
                    [place_] = result["locations"]
                    file = urllib.parse.unquote(place_["physicalLocation"]["artifactLocation"]["uri"])
                    found.append((place_["logicalLocations"][0]["name"], result["ruleId"], result["level"], file,
                                  place_["physicalLocation"]["region"]["startLine"]))
                wanted = [(f["node"], f["code"], f["severity"], place(f), f.get("line", 1)) for f in findings]
                if wanted != found: print(wanted, found)
                """)
        #expect(faults == "")
    }

    @Test func gitlab() throws {
        let faults = try python(
            "gitlab",
            """
            issue = {"type": "object", "required": ["description", "check_name", "fingerprint", "severity", "location"],
              "additionalProperties": False, "properties": {
                "description": {"type": "string", "minLength": 1}, "check_name": {"type": "string"},
                "fingerprint": {"type": "string", "minLength": 1},
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {"type": "object", "required": ["path", "lines"], "properties": {
                    "path": {"type": "string", "pattern": "^[^./]"},
                    "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}}}}}}
            document = json.loads(text)
            check(document, {"type": "array", "items": issue})
            wanted = [(f["code"], place(f), f.get("line", 1), f["severity"] == "error") for f in findings]
            found = [(i["check_name"], i["location"]["path"], i["location"]["lines"]["begin"], i["severity"] == "critical")
                     for i in document]
            if wanted != found: print(wanted, found)
            if len({i["fingerprint"] for i in document}) != len(findings): print("two have one fingerprint")
            """)
        #expect(faults == "")
    }

    @Test func github() throws {
        let faults = try python(
            "github",
            """
            def unescaped(text, isProperty):
                if re.search("[:,\\r\\n]" if isProperty else "[\\r\\n]", text): print("not escaped:", text)
                for name, character in [("%3A", ":"), ("%2C", ",")] if isProperty else []: text = text.replace(name, character)
                return text.replace("%0D", "\\r").replace("%0A", "\\n").replace("%25", "%")
            lines = text.splitlines()
            found = []
            for line in lines[:-1]:
                command, properties, message = re.fullmatch("::(error|warning) (.*?)::(.*)", line).groups()
                values = {key: unescaped(value, True) for key, value in (p.split("=", 1) for p in properties.split(","))}
                found.append((command, values.get("file"), values.get("line"), values["title"], unescaped(message, False)))
            wanted = [(f["severity"], place(f), f.get("line") and str(f["line"]), f["node"] + " " + f["code"],
                       f["message"] + ": " + f["effect"] + "; " + f["remedy"]) for f in findings]
            if wanted != found: print(wanted, found)
            errors = sum(f["severity"] == "error" for f in findings)
            if not lines[-1].startswith(f"{errors} of {len(findings)} checks failed"): print(lines[-1])
            table = [line for line in open("summary.md") if line.startswith("| ") and not line.startswith("| |")]
            if len(table) != len(findings): print(table)
            """)
        #expect(faults == "")
    }
}
