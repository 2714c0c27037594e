// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SystemdUnits
@testable import Values

/// Bytes that are no UTF-8: kept where systemd does not look at them, else refused with their line.
@Suite struct KeptBytesTests {
    private static let faulty: [UInt8] = [0xe9, 0x20, 0xff, 0xc3]

    private func bytes(_ parts: [Any]) -> [UInt8] {
        parts.flatMap { ($0 as? [UInt8]) ?? Array(($0 as? String ?? "").utf8) }
    }

    @Test func aCommentOfAUnitMayHoldThem() throws {
        let file = bytes([
            "# caf", Self.faulty, "\r\n[Service]\nExecStart=/k \\\n ; ", Self.faulty, "\n  --a=\u{e9}\n",
        ])
        let unit = try UnitText(path: "/u", bytes: file)
        #expect(unit.bytes == file)
        #expect(unit.text.utf8.count == file.count)
        let command = try EffectiveService(unit: "k.service", sources: [unit]).command(unit: "k.service")
        #expect(command.words.map(\.value) == ["/k", "--a=\u{e9}"])
    }

    @Test func anotherLineOfAUnitMayNot() {
        let file = bytes(["# x", Self.faulty, "\n[Service]\nDescription=", Self.faulty, "\n"])
        let error = #expect(throws: UnitError.self) { try UnitText(path: "/u", bytes: file) }
        #expect(error?.code == .unreadableText && error?.line == 3)
    }

    @Test func anAssignmentOfAnEnvironmentFileMayNot() {
        for (text, line) in [
            (bytes(["# ok\nA=1\nB=\"x\n", Self.faulty, "\"\n"]), 3),
            (bytes(["A=1\nN", Self.faulty, "=2\n"]), 2),
        ] {
            let error = #expect(throws: UnitError.self) { try KeptBytes.environment(text, path: "/e") }
            #expect(error?.line == line, "\(String(describing: error))")
        }
    }

    /// Comments, also with a backslash at their end, and lines that assign nothing.
    @Test func theRestOfAnEnvironmentFileMay() throws {
        let file = bytes([
            "# h", Self.faulty, "\\\n more ", Self.faulty,
            "\nARGS=\"--a --requestheader-allowed-names=old --b=\u{e9}\"\n; ",
            Self.faulty, "\njunk", Self.faulty, "\nB=2\n# end", Self.faulty,
        ])
        let text = try KeptBytes.environment(file, path: "/e")
        #expect(text.utf8.count == file.count)
        #expect(EnvironmentFile.parse(text).variables.map(\.name) == ["ARGS", "B"])
        let edited = text.replacing("--requestheader-allowed-names=old ", with: "").replacing(
            "\u{e9}\"", with: "\u{e9} --new\"")
        let result = try KeptBytes.applied(
            Array(edited.utf8), readFrom: Array(text.utf8), to: file, path: "/e")
        #expect(
            result
                == bytes([
                    "# h", Self.faulty, "\\\n more ", Self.faulty, "\nARGS=\"--a --b=\u{e9} --new\"\n; ",
                    Self.faulty,
                    "\njunk", Self.faulty, "\nB=2\n# end", Self.faulty,
                ]))
        #expect(
            try KeptBytes.applied(Array(text.utf8), readFrom: Array(text.utf8), to: file, path: "/e") == file)
    }

    /// An edit on both sides of such a comment leaves it alone; one that it cannot be told from is refused.
    @Test func betweenTwoEditsTheyStay() throws {
        let file = bytes(["A=\"--x old\"\n# ", Self.faulty, "\nB=old\n"])
        let text = try KeptBytes.environment(file, path: "/e")
        let edited = text.replacing("old", with: "new")
        #expect(
            try KeptBytes.applied(Array(edited.utf8), readFrom: Array(text.utf8), to: file, path: "/e")
                == bytes(["A=\"--x new\"\n# ", Self.faulty, "\nB=new\n"]))
        let error = #expect(throws: UnitError.self) {
            try KeptBytes.applied(Array("B=new\n".utf8), readFrom: Array(text.utf8), to: file, path: "/e")
        }
        #expect(error?.code == .unreadableText && error?.line == 2)
    }
}
