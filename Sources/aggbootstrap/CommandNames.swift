// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Spec
import StateStore
import Values

/// The names of commands on a command line. The parser takes a wrong one for an argument, or, after `help`, for nothing
/// at all.
enum CommandNames {
    /// - Parameter arguments: without the program's own name.
    /// - Returns: what is wrong with them; nil where every command is one.
    static func problem(_ arguments: some Sequence<String>) -> BootstrapError? {
        var command: any ParsableCommand.Type = AggBootstrap.self
        var path = ["aggbootstrap"]
        var names = Array(arguments)[...]
        if names.first == "help" { names.removeFirst() }
        for name in names {
            let children = command.configuration.subcommands
            guard !children.isEmpty, !name.hasPrefix("-") else { return nil }
            guard let child = children.first(where: { Self.name($0) == name }) else {
                return unknown(name, among: children, below: path)
            }
            command = child
            path.append(name)
        }
        return nil
    }

    private static func name(_ command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? command._commandName
    }

    private static func unknown(
        _ name: String, among children: [any ParsableCommand.Type], below path: [String]
    ) -> BootstrapError {
        let parent = path.joined(separator: " ")
        // `adopt` is one of `spec`.
        let group = children.first { child in
            child.configuration.subcommands.contains { Self.name($0) == name }
        }
        let near = group.map { "\(Self.name($0)) \(name)" } ?? nearest(name, children.map(Self.name))
        return BootstrapError(
            "usage/no-such-command", status: .usage,
            "there is no command \(SpecText.quoted(name)) of \(parent)",
            hint: near.map { "did you mean \(parent) \($0)?" } ?? "see \(parent) --help")
    }

    /// Also one that begins like it, such as `init` for `initialise`.
    private static func nearest(_ name: String, _ names: [String]) -> String? {
        EditDistance.nearest(to: name, among: names)
            ?? names.first { $0.count >= 3 && name.lowercased().hasPrefix($0) }
    }
}
