// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Why the flags cannot be written into a variable of an environment file.
struct EnvironmentFileObstacle {
    let unit: String
    let file: EnvironmentFileSpec
    let text: String

    /// Refuses a text behind whose end nothing can be written, or of which systemd does not read all.
    func checkText(_ text: String) throws(UnitError) {
        if let offset = Array(text.utf8).firstIndex(of: 0) {
            throw UnitError(
                .unreadableText, "edit", file.path, line: line(of: offset),
                cause: "it holds a NUL byte, and nothing after it reaches the unit",
                hint: "remove the byte: tr -d '\\0' <\(file.path) shows the file without it")
        }
        guard case .quote(let line) = EnvironmentFile.Ending(of: text), variable == nil else { return }
        throw UnitError(
            .badSyntax, "edit", file.path, line: line,
            cause: "the quote that begins there is not closed, so everything after it is one value",
            hint: "close the quote on that line")
    }

    /// The variable's value decides whether the process gets it, and an edit changes the value.
    func unsetByValue(_ name: String) -> UnitError {
        UnitError(
            .overridden, "merge", unit,
            cause:
                "UnsetEnvironment= names $\(name) with a value, so the value decides whether "
                + "the process gets it",
            hint: "remove \(name)=... from UnsetEnvironment=")
    }

    /// What keeps an edit from giving the process what it has and our flags.
    /// - Parameters:
    ///   - before: what the process gets now; `after`: what it would get, with `service` as it would be.
    func cause(
        _ before: [CommandExpansion.Argument], _ after: [String], _ service: EffectiveService,
        _ command: ExecCommand
    ) -> UnitError {
        let names = Set(before.compactMap(\.variable) + [file.variable]).sorted()
        if let name = names.first(where: service.environment.isUnsetByValue) { return unsetByValue(name) }
        if let error = openEnd { return error }
        let texts = before.map(\.pattern.description)
        let flags = EffectiveFlags.parse(commandLine: texts)
        if let flag = flags.occurrences.first(where: { crosses($0, before) }) {
            return UnitError(
                .flagsInVariable, "edit", file.path,
                cause:
                    "--\(flag.name) at the end of $\(file.variable) takes its value from the next variable or word of "
                    + "the command in \(command.place), so nothing can be inserted between them",
                hint: "write the flag and its value with an equals sign, in one variable")
        }
        let (old, new) = (Self.others(flags), Self.others(.parse(commandLine: after)))
        let index = old.indices.first { $0 >= new.count || old[$0] != new[$0] }
        let name: Message = index.map { "--\(old[$0][0])" } ?? "another argument"
        return UnitError(
            .flagsInVariable, "edit", file.path,
            cause:
                "without the aggregation flags that are there now, \(name) of the command in \(command.place) "
                + "would be read with what follows it",
            hint: "write \(name) with an equals sign and its value")
    }

    /// Names and values of the flags that are none of ours.
    static func others(_ flags: EffectiveFlags) -> [[ByteText]] {
        flags.occurrences.filter { !APIServerFlags.names.contains($0.name) }.map {
            [$0.name.bytes, ($0.value ?? "").bytes]
        }
    }

    private var variable: EnvironmentFile.Variable? {
        EnvironmentFile.parse(text).variables.last { $0.name == file.variable }
    }

    private func line(of offset: Int) -> Int {
        text.utf8.prefix(offset).count { $0 == UnitByte.newline } + 1
    }

    /// Whether the flag's name is the variable's last word and its value comes from elsewhere.
    private func crosses(_ flag: EffectiveFlags.Occurrence, _ before: [CommandExpansion.Argument]) -> Bool {
        guard flag.arguments.count == 2, !APIServerFlags.names.contains(flag.name) else { return false }
        let (name, value) = (before[flag.arguments.lowerBound], before[flag.arguments.upperBound - 1])
        return name.variable == file.variable && value.variable != file.variable
    }

    /// Within the value a quote may be open, or a backslash may wait for what it is to take.
    private var openEnd: UnitError? {
        guard let variable else { return nil }
        let bytes = Array(variable.value.utf8)
        var (quote, start, isEscaped) = (UInt8?.none, 0, false)
        for (index, byte) in bytes.enumerated() {
            if isEscaped {
                isEscaped = false
            } else if byte == UnitByte.backslash {
                (isEscaped, start) = (true, quote == nil ? index : start)
            } else if byte == quote {
                quote = nil
            } else if quote == nil, byte == UnitByte.singleQuote || byte == UnitByte.doubleQuote {
                (quote, start) = (byte, index)
            }
        }
        guard quote != nil || isEscaped else { return nil }
        let what =
            quote != nil
            ? "a quote within $\(file.variable) begins there and is not closed"
            : "$\(file.variable) ends with a backslash"
        return UnitError(
            .badSyntax, "edit", file.path, line: line(of: variable.offsets[start]),
            cause: "\(what), so flags after it would be part of an argument",
            hint: quote != nil ? "close the quote, or remove it" : "remove the backslash")
    }
}

// A default of the variable that is set elsewhere.
extension EnvironmentFileMerge {
    /// Whether `Environment=` gives the variable its value, and the file would override that.
    func isInherited(_ name: String, _ service: EffectiveService) -> Bool {
        guard name == file.variable, let value = service.environment[name] else { return false }
        return !service.environment.files.contains { $0.path == value.origin }
    }

    /// What the variable has from elsewhere and the file does not set, to be written into the file with our flags.
    func inherited(
        _ arguments: [CommandExpansion.Argument], without own: [Int], _ service: EffectiveService
    ) throws(UnitError) -> String {
        let kept = arguments.indices.filter { arguments[$0].variable == file.variable && !own.contains($0) }
        guard let value = service.environment[file.variable], value.origin != file.path, !kept.isEmpty else {
            return ""
        }
        guard isInherited(file.variable, service) else {
            throw UnitError(
                .overridden, "merge", unit,
                cause:
                    "\(value.origin) sets $\(file.variable), and \(file.path), which is read later, would override it",
                hint: "set apiServer.environmentFile.path to \(value.origin)")
        }
        let texts = kept.compactMap { arguments[$0].pattern.text }
        if texts.count == kept.count, let text = try? UnitFileQuoting.variable(texts),
            !text.utf8.contains(where: "$`".utf8.contains)
        {
            return text
        }
        throw UnitError(
            .overridden, "merge", unit,
            cause:
                "Environment= in \(value.origin) gives $\(file.variable) a value that \(file.path) would override, and "
                + "it cannot be copied there as it is",
            hint: "write \(file.variable)= with that value into \(file.path), and run it again")
    }
}
