// SPDX-License-Identifier: Apache-2.0

import Values

/// Which directories of the node a container sees, as far as the command says that makes it.
package struct ContainerMounts {
    private(set) var view = FileView()

    /// - Parameter mayHaveOthers: whether a variable of the command is not known.
    package init(_ command: ContainerCommand, mayHaveOthers: Bool) {
        view.mayHaveOthers = mayHaveOthers
        /// rkt names a volume and mounts it by that name.
        var volumes: [String: String?] = [:]
        for option in command.options {
            switch option.name {
            case "volumes-from", "pod", "pod-id-file": view.mayHaveOthers = true
            case "volume" where command.engine == "rkt":
                let fields = Self.fields(option.value)
                guard let name = fields.first else { continue }
                volumes[name] = Self.value(["source"], fields)
                // The image may say where it belongs.
                view.mayHaveOthers = view.mayHaveOthers || !Self.isMounted(name, command)
            case "v", "volume": addVolume(option.value)
            case "tmpfs": add(option.value.split(separator: ":").first.map(String.init), nil)
            case "mount":
                let fields = Self.fields(option.value)
                let target = Self.value(["target", "destination", "dst"], fields)
                if command.engine == "rkt" {
                    add(target, Self.value(["volume"], fields).flatMap { volumes[$0] ?? nil })
                } else {
                    let isBind = ["bind", "rbind"].contains(Self.value(["type"], fields) ?? "volume")
                    add(target, isBind ? Self.value(["source", "src"], fields) : nil)
                }
            default: break
            }
        }
    }

    /// Whether the container sees the node's file or directory under the same path; nil where that is not known.
    package func shows(_ path: String) -> Bool? { view.shows(path) }

    /// `SOURCE:TARGET:OPTIONS`, or the path of a volume without a name.
    private mutating func addVolume(_ value: String) {
        let parts = value.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 1 else { return add(parts[0], nil) }
        // A name is a volume's.
        let isPath = parts[0].hasPrefix("/") || parts[0].contains { "%$".contains($0) }
        add(parts[1], isPath ? parts[0] : nil)
    }

    private mutating func add(_ target: String?, _ source: String?) {
        guard let target else { return }
        view.add(target, source, origin: "a mount")
    }

    private static func isMounted(_ volume: String, _ command: ContainerCommand) -> Bool {
        command.options.contains { $0.name == "mount" && value(["volume"], fields($0.value)) == volume }
    }

    private static func fields(_ value: String) -> [String] {
        CommaSeparatedValues.parse(value) ?? value.split(separator: ",").map(String.init)
    }

    private static func value(_ names: [String], _ fields: [String]) -> String? {
        for field in fields {
            let parts = field.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2, names.contains(parts[0]) { return parts[1] }
        }
        return nil
    }
}
