// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Spec
@testable import Values

@Suite struct SpecRenderingTests {
    static let rows: [(text: String, rendered: String)] = [
        (
            "{\n  \"apiVersion\": \"aggbootstrap/v1\",\n  \"clutser\": \"demo\",\n  \"nodes\": []\n}\n",
            """
            cluster.json:3:3: error: unknown key "clutser" [spec/unknown-key]
                  "clutser": "demo",
                  ^
              hint: did you mean "cluster"?
            cluster.json:4:12: error: "nodes" has 0 elements; at least 1 are allowed [spec/count]
                  "nodes": []
                           ^

            """
        ),
        (
            "{\r\n\t\"上海é\": [1,],\r\n}",
            """
            cluster.json:2:11: error: a comma before the closing bracket [json/syntax]
                    "上海é": [1,],
                               ^
              hint: remove the comma: JSON has no trailing commas

            """
        ),
        (
            "[\(String(repeating: "1,", count: 100))x,\(String(repeating: "1,", count: 100))1]",
            """
            cluster.json:1:202: error: "x" is not a JSON value [json/syntax]
                ...\(String(repeating: "1,", count: 30))x,\(String(repeating: "1,", count: 19))...
                \(String(repeating: " ", count: 63))^
              hint: a string needs double quotes

            """
        ),
        (
            "{ \"name\"：\"a\" }",
            """
            cluster.json:1:9: error: expected ':' after the key "name", found "：" [json/syntax]
                { "name"："a" }
                        ^
              hint: it is a full-width character: write :

            """
        ),
        (
            "{ “name”: 1 }",
            """
            cluster.json:1:3: error: expected a key, found "“" [json/syntax]
                { “name”: 1 }
                  ^
              hint: it is a full-width character: write "

            """
        ),
        (
            "[\"\u{1b}[31m\"]",
            """
            cluster.json:1:3: error: the control character U+001B in a string [json/syntax]
                ["\u{fffd}[31m"]
                  ^

            """
        ),
        (
            "[\"a\", ",
            """
            cluster.json:1:7: error: expected ']', found the end of the file [json/syntax]
                ["a", \n\
                      ^
              hint: it was opened at 1:1

            """
        ),
        (
            "\u{feff}{}",
            """
            cluster.json:1:1: error: the file starts with a byte order mark [json/byte-order-mark]
              hint: save it as UTF-8 without a byte order mark

            """
        ),
        (
            "",
            """
            cluster.json:1:1: error: the file is empty [json/empty]
              hint: `aggbootstrap spec init` writes a spec to start from

            """
        ),
    ]

    @Test(arguments: rows) func shows(_ text: String, _ rendered: String) {
        #expect(problems(in: Array(text.utf8))?.render() == rendered)
    }

    @Test func colours() {
        let text = problems(in: Array("[1,]".utf8))?.render(color: .ansi)
        #expect(
            text == """
                \u{1b}[1mcluster.json:1:3:\u{1b}[0m \u{1b}[1;31merror:\u{1b}[0m \
                a comma before the closing bracket [json/syntax]
                    [1,]
                      \u{1b}[1;31m^\u{1b}[0m
                  \u{1b}[36mhint:\u{1b}[0m remove the comma: JSON has no trailing commas

                """)
    }

    /// A file that was given in place of the spec is not quoted: it may be a passphrase's, or a key's.
    @Test(arguments: [
        "harbour-Quill.5519", "harbour", "4711-harbour\n", "-harbour", "\n  true harbour", "\"harbour\"",
        "null harbour",
        "-----BEGIN PRIVATE KEY-----\nharbour\n-----END PRIVATE KEY-----\n",
    ]) func anotherFileIsNotQuoted(text: String) {
        let said = problems(in: Array(text.utf8))?.render() ?? ""
        #expect(said.contains("error: ") && !said.contains("harbour") && !said.contains("4711"), "\(said)")
    }

    @Test func manyProblemsAreCounted() {
        let keys = (0..<150).map { "\"zzzzzzzz\($0)\": 1" }.joined(separator: ", ")
        let found = problems(in: Array("{\(keys)}".utf8))
        #expect(found?.problems.count == 153)
        let lines = found?.render().split(separator: "\n") ?? []
        #expect(lines.filter { $0.contains(": error: ") }.count == 100)
        #expect(lines.last == "cluster.json: 53 more problems")
    }
}
