// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Files and directories that must not be in each other's place.
@Suite struct PlacesTests {
    /// With the tree, the CA's key would be copied to the node.
    @Test(arguments: ["out/cp1/var/lib/state", "out/cp1", "out/../out/./cp1/state", "link/state"])
    func theStateIsNotInANodesTree(state: String) throws {
        let directory = try TemporaryDirectory()
        #expect(try shell("mkdir -p out/cp1; ln -s out/cp1 link", in: directory).status == 0)
        let result = try aggbootstrap(["init", "--root", "out", "--state", state], in: directory)
        #expect(result.status == 64 && result.stderr.contains("[usage/state-in-tree]"), "\(result)")
        #expect(try shell("find out -mindepth 2", in: directory).stdout == "")
        #expect(
            try aggbootstrap(["init", "--root", "out", "--state", "out/cp11"], in: directory).status == 0)
    }

    @Test func ofManySpecsAtOnceOneIsWritten() throws {
        let directory = try TemporaryDirectory()
        let line = """
            for i in $(seq 24); do ($A spec init --cluster c$i cluster.json >out$i 2>err$i; echo $? >status$i) & done; wait
            cat status* | sort | uniq -c | tr -s ' '; grep -l wrote out*; ls -A | grep -c tmp
            """
        let result = try shell(line, in: directory)
        let lines = result.stdout.split(separator: "\n").map(String.init)
        #expect(lines.count == 4 && lines[0] == " 1 0" && lines[1] == " 23 1" && lines[3] == "0", "\(result)")
        let winner = lines.count > 2 ? lines[2].dropFirst(3) : ""
        let text = try String(contentsOfFile: directory.file("cluster.json"), encoding: .utf8)
        #expect(text.contains("\"c\(winner)\""))
        #expect(
            try shell("grep -L 'spec/exists' $(grep -L wrote out* | sed s/out/err/)", in: directory).stdout
                == "")
    }
}
