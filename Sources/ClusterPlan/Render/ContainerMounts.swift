// SPDX-License-Identifier: Apache-2.0

/// Which directories of the node a container sees, as far as the command says that makes it.
struct ContainerMounts {
    struct Mount: Equatable {
        var source: String
        var target: String
    }

    private(set) var mounts: [Mount] = []
    /// Whether there may be others: a variable that is not known, or the mounts of another container.
    private(set) var mayHaveOthers: Bool

    /// - Parameter words: the command line up to the API server's own arguments.
    init(_ words: [String], mayHaveOthers: Bool) {
        self.mayHaveOthers = mayHaveOthers
        /// rkt names a volume and mounts it by that name.
        var volumes: [String: String] = [:]
        var index = 0
        while index < words.count {
            guard let (option, value, used) = Self.option(words, index) else {
                index += 1
                continue
            }
            index += used
            if option == "--volumes-from" || option == "--pod" { self.mayHaveOthers = true }
            guard ["-v", "--volume", "--mount"].contains(option) else { continue }
            let fields = Self.fields(value)
            if option != "--mount", let first = fields.first, !first.contains(":"), fields.count > 1 {
                volumes[first] = Self.value(["source"], fields)
            } else if option == "--mount" {
                let source = Self.value(["volume"], fields).flatMap { volumes[$0] }
                add(
                    source ?? Self.value(["source", "src"], fields),
                    Self.value(["target", "destination", "dst"], fields))
            } else {
                let parts = value.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
                if parts.count > 1 { add(parts[0], parts[1]) }
            }
        }
    }

    /// Whether the container sees the node's `directory` under the same path; nil where that is not known.
    func shows(_ directory: String) -> Bool? {
        if mounts.contains(where: { $0.source.contains("%") || $0.source.contains("$") }) { return nil }
        let covering = mounts.filter { Self.rest(of: directory, below: $0.target) != nil }
        guard let mount = covering.max(by: { $0.target.utf8.count < $1.target.utf8.count }) else {
            return mayHaveOthers ? nil : false
        }
        let rest = Self.rest(of: directory, below: mount.target) ?? ""
        let there = mount.source == "/" ? "/" + rest : rest.isEmpty ? mount.source : "\(mount.source)/\(rest)"
        return there == directory
    }

    private mutating func add(_ source: String?, _ target: String?) {
        guard let source, let target else { return }
        mounts.append(Mount(source: Self.trimmed(source), target: Self.trimmed(target)))
    }

    /// An option with its value, and how many words they are.
    private static func option(_ words: [String], _ index: Int) -> (String, String, Int)? {
        let word = words[index]
        if word.hasPrefix("--"), let equals = word.firstIndex(of: "=") {
            return (String(word[..<equals]), String(word[word.index(after: equals)...]), 1)
        }
        if ["-v", "--volume", "--mount", "--volumes-from", "--pod"].contains(word) {
            return index + 1 < words.count ? (word, words[index + 1], 2) : nil
        }
        if word.hasPrefix("-v"), word.dropFirst(2).hasPrefix("/") {
            return ("-v", String(word.dropFirst(2)), 1)
        }
        return nil
    }

    private static func fields(_ value: String) -> [String] { value.split(separator: ",").map(String.init) }

    private static func value(_ names: [String], _ fields: [String]) -> String? {
        for field in fields {
            let parts = field.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2, names.contains(parts[0]) { return parts[1] }
        }
        return nil
    }

    private static func trimmed(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private static func rest(of path: String, below directory: String) -> String? {
        if path == directory { return "" }
        let prefix = directory == "/" ? "/" : directory + "/"
        return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil
    }
}
