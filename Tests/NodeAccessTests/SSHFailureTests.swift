// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import LocalFiles
@testable import NodeAccess
@testable import Spec
@testable import Values

/// What is said where ssh does not get there.
@Suite struct SSHFailureTests {
    private func failure(_ name: String, _ line: String, configFile: String? = nil) throws -> NodeError {
        let ssh = SSHSpec(user: "root", configFile: configFile)
        let destination = try #require(SSHDestination(NodeSpec(name: name, address: "192.0.2.7", ssh: ssh)))
        return SSHFailure.error([line], .timedOut, destination)
    }

    @Test func aNodeWithoutANameIsNotNamedAgain() throws {
        let line = "ssh: connect to host 192.0.2.7 port 22: Connection refused"
        #expect(try failure("cp1", line).description == "cannot connect to cp1 (192.0.2.7): \(line)")
        #expect(try failure("192.0.2.7", line).description == "cannot connect over ssh: \(line)")
    }

    /// What the hint tells to run must use the same configuration.
    @Test(arguments: [
        (nil, "ssh"), ("/etc/ssh/lab_config", "ssh -F /etc/ssh/lab_config"),
        ("/home/a b/it's", #"ssh -F '/home/a b/it'\''s'"#),
    ])
    func theHintHasTheConfiguration(file: String?, command: String) throws {
        #expect(
            try failure("cp1", "no route", configFile: file).hint
                == "check the address in the spec; `\(command) -v root@192.0.2.7 true` shows what happens")
        let login = try failure("cp1", "root@192.0.2.7: Permission denied (publickey).", configFile: file)
        #expect(login.hint?.hasPrefix("make `\(command) -o BatchMode=yes root@192.0.2.7 true` work") == true)
    }
}
