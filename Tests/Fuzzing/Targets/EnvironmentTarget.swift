// SPDX-License-Identifier: Apache-2.0

@testable import SystemdUnits
import Spec
import Values

/// An environment file of one of three units; the first byte says of which.
///
/// A value's bytes stand where it says. An edit is known as one, changes nothing the second time, and leaves every line
/// alone that it does not touch.
enum EnvironmentTarget {
    private static let path = "/etc/kubernetes/apiserver"
    private static let commands = [
        "/usr/bin/kube-apiserver $KUBE_API_ARGS", "/usr/bin/kube-apiserver $A $KUBE_API_ARGS $B --c=${C}",
        "/bin/sh -c 'exec kube-apiserver $KUBE_API_ARGS'",
    ]

    static func run(_ input: [UInt8]) {
        guard let first = input.first else { return }
        let bytes = Array(input.dropFirst())
        guard let text = try? KeptBytes.environment(bytes, path: path) else { return }
        require(text.utf8.count == bytes.count, "a file's text is longer than its bytes")
        check(EnvironmentFile.parse(text), Array(text.utf8))
        let plain = EnvironmentFile.withoutAggregationFlags(text)
        require(isSame(EnvironmentFile.withoutAggregationFlags(plain), plain), "flags are left behind")
        checkWords(EnvironmentFile.parse(text).variables, EnvironmentFile.parse(plain).variables)
        let command = commands[Int(first) % commands.count]
        let unit = UnitText(
            path: "/lib/systemd/system/\(UnitTarget.unit)",
            text: "[Service]\nEnvironmentFile=-\(path)\nExecStart=\(command)\n")
        do throws(UnitError) {
            let edited = try edit(text, unit)
            require(isSame(try edit(edited, unit), edited), "an edit changes its own result")
            require(EnvironmentFile.isMerged(edited, from: text), "an edit is not known as one")
            check(edited, text, bytes)
        } catch {
            require(error.code != .inconsistent, "\(error)")
        }
    }

    private static func check(_ file: EnvironmentFile, _ bytes: [UInt8]) {
        for variable in file.variables {
            let value = Array(variable.value.utf8)
            require(value.count <= variable.offsets.count, "a value has bytes that stand nowhere")
            for (byte, offset) in zip(value, variable.offsets) {
                require(
                    variable.range.contains(offset) && bytes[offset] == byte,
                    "a value's byte is not where it says")
            }
            require(variable.range.upperBound <= bytes.count, "an assignment beyond the file's end")
        }
    }

    /// Every variable keeps its words, but for aggregation flags in the last assignment of its name.
    private static func checkWords(_ before: [EnvironmentFile.Variable], _ after: [EnvironmentFile.Variable])
    {
        require(before.map(\.name.bytes) == after.map(\.name.bytes), "variables are others")
        for (index, (old, new)) in zip(before, after).enumerated() where !isSame(old.value, new.value) {
            require(
                !before[(index + 1)...].contains { isSame($0.name, old.name) },
                "a value changes that does not count")
            let words = words(old.value)
            let own = EffectiveFlags.parse(arguments: words.map(\.text)).occurrences
                .filter { APIServerFlags.names.contains($0.name) }.flatMap(\.arguments)
            let others = words.indices.filter { !own.contains($0) }.map { words[$0] }
            require(self.words(new.value) == others, "\(old.value.debugDescription) loses other words")
        }
    }

    private static func words(_ value: String) -> [ByteText] {
        let bytes = Array(value.utf8)
        var reader = UnitWordReader(bytes, in: bytes.indices, escapes: .plain)
        var words: [ByteText] = []
        while let word = try? reader.next() {
            words.append(String(decoding: word.value, as: UTF8.self).bytes)
        }
        return words
    }

    private static func edit(_ text: String, _ unit: UnitText) throws(UnitError) -> String {
        try RenderedUnit.environmentFile(
            unit: UnitTarget.unit, base: [unit], environmentFiles: [path: text],
            file: EnvironmentFileSpec(path: path, variable: "KUBE_API_ARGS"), flags: UnitTarget.flags
        ).text
    }

    private static func check(_ edited: String, _ text: String, _ original: [UInt8]) {
        guard
            let result = try? KeptBytes.applied(
                Array(edited.utf8), readFrom: Array(text.utf8), to: original, path: path)
        else { return }
        guard let read = try? KeptBytes.environment(result, path: path) else {
            fatalError("PROPERTY: systemd does not read the edited file")
        }
        require(isSame(read, edited), "the edited bytes are not the edited text")
    }
}
