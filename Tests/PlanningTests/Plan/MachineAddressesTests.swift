// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Planning

@Suite struct MachineAddressesTests {
    @Test func readsBothFamilies() {
        let ipv4 = """
            Main:
              +-- 0.0.0.0/0 3 0 5
                 |-- 0.0.0.0
                    /0 universe UNICAST
                 +-- 192.168.123.0/24 2 0 2
                    |-- 192.168.123.0
                       /24 link UNICAST
                    |-- 192.168.123.252
                       /32 host LOCAL
                    |-- 192.168.123.255
                       /32 link BROADCAST
            Local:
                    |-- 127.0.0.1
                       /32 host LOCAL
                    |-- 169.254.20.10
                       /32 host LOCAL
                    |-- 192.168.123.252
                       /32 host LOCAL
            """
        let ipv6 = """
            00000000000000000000000000000001 01 80 10 80       lo
            fe800000000000000c8e5ffffe1b2c3d 02 40 20 80    host0
            fd000192016801230000000000000252 02 40 00 82    host0
            """
        #expect(
            MachineAddresses.read(ipv4: Array(ipv4.utf8), ipv6: Array(ipv6.utf8))
                == ["192.168.123.252", "fd00:192:168:123::252"])
        #expect(MachineAddresses.read(ipv4: [], ipv6: Array("garbage\n0 1 2 00\n".utf8)).isEmpty)
    }

    /// What ip(8) says of the machine that the test runs on.
    @Test func readsWhatThisKernelSays() throws {
        func addresses(_ family: String) throws -> [String] {
            let listed = try run("ip", ["-o", family, "addr", "show", "scope", "global"])
            #expect(listed.status == 0)
            return listed.stdout.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                return words.count > 3 ? words[3].split(separator: "/").first.map(String.init) : nil
            }
        }
        let files = MachineAddresses.files
        let read = MachineAddresses.read(
            ipv4: try [UInt8](Data(contentsOf: URL(fileURLWithPath: files.ipv4))),
            ipv6: (try? [UInt8](Data(contentsOf: URL(fileURLWithPath: files.ipv6)))) ?? [])
        let wanted = Set(try addresses("-4") + addresses("-6"))
        #expect(wanted.subtracting(read).isEmpty, "\(wanted) \(read)")
    }
}
