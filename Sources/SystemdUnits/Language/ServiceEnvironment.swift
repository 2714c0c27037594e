// SPDX-License-Identifier: Apache-2.0

/// The variables that a service's command lines see, as far as its files tell.
///
/// Precedence as in systemd 252: `UnsetEnvironment=`, then `EnvironmentFile=` (the last file wins), then
/// `Environment=`, then `PassEnvironment=` and what systemd itself sets.
package struct ServiceEnvironment: Sendable, Equatable {
    /// A variable's value with where it was set.
    package struct Value: Sendable, Equatable {
        package var text: String
        /// Whether `%` is special in `text`: so it is in `Environment=`, not in a file.
        package var hasSpecifiers: Bool
        /// `PATH:LINE` of an assignment, or the path of an environment file.
        package var origin: String
    }

    /// An `EnvironmentFile=` that is in effect.
    package struct File: Sendable, Equatable {
        /// Without `-`, and with the unit's name for `%n`, `%N`, `%p` and `%i`; it may hold other specifiers, and `*`, `?`
        /// and `[` match file names.
        package var path: String
        /// Written with `-`: systemd starts the service without it.
        package var optional: Bool
        /// `PATH:LINE` of the assignment.
        package var place: String

        /// Whether the path names one file.
        package var hasPlainPath: Bool { !path.contains { "%*?[".contains($0) } }
    }

    /// Where a variable might come from that was not given.
    package struct Unseen: Sendable, Equatable, CustomStringConvertible {
        package enum Source: Sendable, Equatable {
            case file(File)
            /// `PassEnvironment=` names the variable: its value is the system manager's.
            case manager(variable: String)
        }
        package var source: Source

        /// False for an optional file under a plain name: where it was not given, there is none.
        package var mayHoldArguments: Bool {
            guard case .file(let file) = source else { return true }
            return !file.optional || !file.hasPlainPath
        }

        package var description: String {
            switch source {
            case .file(let file): "\(file.path) (EnvironmentFile= in \(file.place))"
            case .manager(let variable): "the system manager's \(variable) (PassEnvironment=)"
            }
        }
    }

    package internal(set) var files: [File] = []
    var assigned: [String: Value] = [:]
    var loaded: [String: Value] = [:]
    var unset: [String] = []
    var passed: [String] = []
    /// Files that are in effect and whose text was not given.
    package internal(set) var unread: [File] = []

    package init() {}

    /// The value that a command line sees; nil for a variable that is not set, as far as the files tell.
    package subscript(name: String) -> Value? {
        guard let value = loaded[name] ?? assigned[name] else { return nil }
        let isUnset = unset.contains(name) || unset.contains("\(name)=\(value.text)")
        return isUnset ? nil : value
    }

    /// Whether `UnsetEnvironment=` takes the variable away whatever its value is.
    package func isUnset(_ name: String) -> Bool { unset.contains(name) }

    /// Whether `UnsetEnvironment=` takes the variable away because of the value that it has.
    func isUnsetByValue(_ name: String) -> Bool {
        guard !isUnset(name), let value = loaded[name] ?? assigned[name] else { return false }
        return unset.contains("\(name)=\(value.text)")
    }

    /// From where else the variable might get its value: files that were not given and could set it.
    package func unseen(for name: String) -> [Unseen] {
        if isUnset(name) { return [] }
        var sources = unread.map { Unseen(source: .file($0)) }
        if self[name] == nil && passed.contains(name) {
            sources.append(Unseen(source: .manager(variable: name)))
        }
        return sources
    }
}

/// Collects a service's environment, assignment by assignment.
struct ServiceEnvironmentReader {
    private(set) var environment = ServiceEnvironment()
    /// The unit's name, where the files tell it.
    private let names: UnitNames?

    init(names: UnitNames?) { self.names = names }

    mutating func take(_ assignment: UnitAssignment) {
        switch assignment.key {
        case "Environment": takeEnvironment(assignment)
        case "EnvironmentFile": takeFile(assignment)
        case "UnsetEnvironment": takeNames(assignment, \.unset)
        case "PassEnvironment": takeNames(assignment, \.passed)
        default: break
        }
    }

    /// Reads the files' text; `texts` is by path.
    mutating func load(_ texts: [String: String]) {
        for file in environment.files {
            guard let text = texts[file.path] else {
                environment.unread.append(file)
                continue
            }
            for variable in EnvironmentFile.parse(text).variables {
                environment.loaded[variable.name] = .init(
                    text: variable.value, hasSpecifiers: false, origin: file.path)
            }
        }
    }

    /// An empty assignment resets; a word with an unknown escape or open quotes ends the line's reading.
    private mutating func takeEnvironment(_ assignment: UnitAssignment) {
        if assignment.stripped.isEmpty { environment.assigned = [:] }
        for word in words(assignment) {
            let parts = word.utf8.split(
                separator: UnitByte.equals, maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(decoding: parts[0], as: UTF8.self)
            guard parts.count == 2, EnvironmentFile.isName(name) else { continue }
            environment.assigned[name] = .init(
                text: String(decoding: parts[1], as: UTF8.self), hasSpecifiers: true, origin: assignment.place
            )
        }
    }

    private mutating func takeFile(_ assignment: UnitAssignment) {
        guard !assignment.stripped.isEmpty else {
            environment.files = []
            return
        }
        let bytes = assignment.value.utf8
        let optional = bytes.first == UInt8(ascii: "-")
        let written = String(decoding: bytes.dropFirst(optional ? 1 : 0), as: UTF8.self)
        // systemd ignores a path that is not absolute; one that starts with a specifier may be.
        let path = names?.expand(written) ?? written
        guard path.utf8.first == UInt8(ascii: "/") || path.utf8.first == UInt8(ascii: "%") else { return }
        environment.files.append(.init(path: path, optional: optional, place: assignment.place))
    }

    private mutating func takeNames(
        _ assignment: UnitAssignment, _ list: WritableKeyPath<ServiceEnvironment, [String]>
    ) {
        if assignment.stripped.isEmpty { environment[keyPath: list] = [] }
        environment[keyPath: list] += words(assignment)
    }

    private func words(_ assignment: UnitAssignment) -> [String] {
        var reader = UnitWordReader(assignment.line.bytes, in: assignment.stripped, escapes: .c)
        var words: [String] = []
        while let word = try? reader.next(), !word.unknownEscape {
            let text = String(decoding: word.value, as: UTF8.self)
            if text.utf8.elementsEqual(word.value) { words.append(text) }
        }
        return words
    }
}
