// SPDX-License-Identifier: Apache-2.0

import Values

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
    package struct Unseen: Sendable, Equatable, MessageConvertible {
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

        package var message: Message {
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

    /// Of every variable that a file sets, whatever becomes of it.
    package var names: Set<String> { Set(assigned.keys).union(loaded.keys) }

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
