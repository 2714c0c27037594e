// SPDX-License-Identifier: Apache-2.0

/// What a command line says, as kube-apiserver reads it.
///
/// Source: pflag, which kube-apiserver uses: `_` in a name is `-`, `--f v` is `--f=v`, a string's last value
/// wins, a list's values add up, `--` ends the flags.
package struct EffectiveFlags: Sendable, Equatable {
    /// A long flag as given.
    package struct Occurrence: Sendable, Equatable {
        /// Without dashes, `_` as `-`.
        package var name: String
        /// Nil where nothing follows the name.
        package var value: String?
        /// Indices of the arguments that make it up: one, or two for `--f v`.
        package var arguments: Range<Int>
    }

    package let occurrences: [Occurrence]
    /// Index of a bare `--`, behind which nothing is a flag.
    package let terminator: Int?

    /// Reads the arguments behind the program's name.
    ///
    /// An argument behind a flag without `=` counts as its value if it does not start with a dash, unless the
    /// flag is a known aggregation flag, of which the kind is known. So a value of a foreign flag may be read as
    /// no value where it starts with a dash, and `--bool word` has `word`, which kube-apiserver refuses anyway.
    package static func parse(arguments: [String]) -> EffectiveFlags { parse(arguments, from: 0) }

    /// Reads a whole command line, argv[0] first: what other programs before kube-apiserver take is left out.
    ///
    /// Indices count from the first word of the command line.
    package static func parse(commandLine: [String]) -> EffectiveFlags {
        parse(commandLine, from: CommandProgram(commandLine).ownStart)
    }

    private static func parse(_ arguments: [String], from start: Int) -> EffectiveFlags {
        var occurrences: [Occurrence] = []
        var index = start
        while index < arguments.count {
            if arguments[index].utf8.elementsEqual("--".utf8) {
                return EffectiveFlags(occurrences, terminator: index)
            }
            guard let name = name(of: arguments[index]) else {
                index += 1
                continue
            }
            var found = Occurrence(
                name: name, value: value(of: arguments[index]), arguments: index..<(index + 1))
            if found.value == nil, index + 1 < arguments.count,
                takesNext(name, isDash: arguments[index + 1].utf8.first == UInt8(ascii: "-"))
            {
                found.value = arguments[index + 1]
                found.arguments = index..<(index + 2)
            }
            occurrences.append(found)
            index = found.arguments.upperBound
        }
        return EffectiveFlags(occurrences, terminator: nil)
    }

    private init(_ occurrences: [Occurrence], terminator: Int?) {
        self.occurrences = occurrences
        self.terminator = terminator
    }

    private static func takesNext(_ name: String, isDash: Bool) -> Bool {
        if name == APIServerFlags.routingName { return false }
        return APIServerFlags.names.contains(name) || !isDash
    }

    /// The name of a long flag; nil for anything else.
    package static func name(of argument: String) -> String? {
        guard argument.utf8.starts(with: "--".utf8) else { return nil }
        let name = argument.utf8.dropFirst(2).prefix { $0 != UInt8(ascii: "=") }
        let (underscore, dash) = (UInt8(ascii: "_"), UInt8(ascii: "-"))
        return name.isEmpty ? nil : String(decoding: name.map { $0 == underscore ? dash : $0 }, as: UTF8.self)
    }

    private static func value(of argument: String) -> String? {
        let bytes = argument.utf8
        return bytes.firstIndex(of: UInt8(ascii: "=")).map {
            String(decoding: bytes[bytes.index(after: $0)...], as: UTF8.self)
        }
    }

    /// Whether the flag is given at all.
    package func has(_ name: String) -> Bool { occurrences.contains { $0.name == name } }

    /// The value of a string flag such as `secure-port`; nil where it is not given.
    package func string(_ name: String) -> String? {
        occurrences.last { $0.name == name && $0.value != nil }?.value
    }

    /// The values of a list flag such as `requestheader-allowed-names` or `authorization-mode`.
    ///
    /// - Returns: nil where it is not given, or where a value is not CSV: then kube-apiserver does not start.
    package func list(_ name: String) -> [String]? {
        let values = occurrences.filter { $0.name == name }.map { $0.value ?? "" }
        var list: [String] = []
        for value in values {
            guard let fields = CommaSeparatedValues.parse(value) else { return nil }
            list += fields
        }
        return values.isEmpty ? nil : list
    }

    /// The value of a flag such as `anonymous-auth`; nil where it is not given or no truth value.
    package func bool(_ name: String) -> Bool? {
        guard let last = occurrences.last(where: { $0.name == name }) else { return nil }
        return switch last.value {
        case nil, "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }
}
