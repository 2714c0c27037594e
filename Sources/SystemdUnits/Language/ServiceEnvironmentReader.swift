// SPDX-License-Identifier: Apache-2.0

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
