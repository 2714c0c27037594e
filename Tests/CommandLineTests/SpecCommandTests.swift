// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct SpecCommandTests {
    @Test(arguments: [[], ["--cluster", "shanghai", "--node", "master-1"]])
    func aNewSpecIsValid(arguments: [String]) throws {
        let directory = try TemporaryDirectory()
        let printed = try aggbootstrap(["spec", "init"] + arguments, in: directory)
        #expect(printed.status == 0)
        #expect(try aggbootstrap(["spec", "init"] + arguments + ["new.json"], in: directory).status == 0)
        #expect(try String(contentsOfFile: directory.file("new.json"), encoding: .utf8) == printed.stdout)
        let result = try aggbootstrap(["spec", "validate", "new.json"], in: directory)
        #expect(result.status == 0)
        #expect(result.stdout.hasPrefix("new.json is valid: cluster "))
        #expect(try aggbootstrap(["plan", "--root", "out", "--spec", "new.json"], in: directory).status == 0)
    }

    @Test(arguments: ["file", "link", "dangling", "directory"])
    func anExistingFileIsNeverOverwritten(kind: String) throws {
        let directory = try TemporaryDirectory()
        let setUp = [
            "file": "echo mine >it", "link": "echo mine >f; ln -s f it", "dangling": "ln -s f it",
            "directory": "mkdir it",
        ]
        #expect(try shell(setUp[kind] ?? "false", in: directory).status == 0)
        let before = treeListing(directory.path)
        let result = try aggbootstrap(["spec", "init", "it"], in: directory)
        #expect(result.status == 1)
        #expect(
            result.stderr.contains("cannot write it: it exists already [spec/exists]"), "\(result.stderr)")
        #expect(treeListing(directory.path) == before)
    }

    @Test(arguments: [
        ["--cluster", "Not A Name"], ["--node", "-x"], ["--cluster", ""], ["nowhere/new.json"],
    ])
    func aBadNewSpecIsRefused(arguments: [String]) throws {
        let directory = try TemporaryDirectory()
        let result = try aggbootstrap(["spec", "init"] + arguments, in: directory)
        #expect(result.status != 0 && !result.stderr.isEmpty && result.stdout.isEmpty, "\(result.stdout)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }
}
