// SPDX-License-Identifier: Apache-2.0

@testable import SystemdUnits
import Spec
import Values

/// Arguments with line feeds between them: what they are a command of, and how they are written into units.
///
/// What is written into a unit is read from it byte for byte, or is refused.
enum CommandTarget {
    static func run(_ bytes: [UInt8]) {
        let words = text(bytes).utf8.split(separator: 0x0a, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        let program = CommandProgram(words)
        require(program.ownStart >= 0, "a program begins before its command")
        checkFlags(EffectiveFlags.parse(commandLine: words), words)
        checkFlags(EffectiveFlags.parse(arguments: words), words)
        if let container = program.container {
            _ = ContainerMounts(container, mayHaveOthers: false).shows("/etc/x")
        }
        for word in words { checkQuoting(word) }
        checkValues(words)
        checkUnits(words)
    }

    private static func checkFlags(_ flags: EffectiveFlags, _ words: [String]) {
        var end = 0
        for flag in flags.occurrences {
            require(flag.arguments.lowerBound >= end, "flags overlap")
            end = flag.arguments.upperBound
            require(end <= words.count, "a flag beyond the command's end")
            _ = flags.list(flag.name)
            _ = flags.bool(flag.name)
        }
    }

    private static func checkValues(_ words: [String]) {
        guard words != [""] else { return }
        let line = CommaSeparatedValues.join(words)
        let read = CommaSeparatedValues.parse(line) ?? []
        require(read.elementsEqual(words, by: { isSame($0, $1) }), "a list is read as another one: \(line)")
    }

    private static func checkQuoting(_ word: String) {
        for (dollars, prefix) in [(UnitFileQuoting.Dollars.expanded, ""), (.plain, ":")] {
            guard let quoted = try? UnitFileQuoting.quote(word, dollars: dollars) else { continue }
            let source = UnitText(path: "/u", text: "[Service]\nExecStart=\(prefix)/bin/x \(quoted)\n")
            do throws(UnitError) {
                let service = try EffectiveService(unit: "u.service", sources: [source])
                let command = try service.command(unit: "u.service")
                let texts = command.expand(environment: service.environment).texts ?? []
                require(
                    texts.count == 2 && isSame(texts[1], word), "\(word.debugDescription) is read as \(texts)"
                )
            } catch {
                fatalError("PROPERTY: a quoted argument cannot be read: \(error)")
            }
        }
    }

    private static func checkUnits(_ words: [String]) {
        let (first, rest) = (words[0], Array(words.dropFirst()))
        do throws(UnitError) {
            _ = try RenderedUnit.service(
                unit: UnitTarget.unit, executable: first, arguments: rest, flags: UnitTarget.flags)
        } catch {
            require(error.code != .inconsistent, "\(error)")
        }
        do throws(UnitError) {
            _ = try ScheduleUnits.render(
                .init(
                    cluster: "c", command: words, passphraseFile: rest.first, writable: Array(rest.prefix(3)),
                    calendar: rest.last ?? "daily"))
        } catch {
            require(error.code != .inconsistent, "\(error)")
        }
    }
}
