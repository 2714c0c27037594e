// SPDX-License-Identifier: Apache-2.0

import Values

/// The settings of a service that give it other files than the node's under the same paths.
///
/// Source: systemd.exec(5), "Paths" and "Sandboxing", and `setup_namespace()` of systemd 252.
package struct ServiceFileView: Sendable, Equatable {
    private struct Entry: Sendable, Equatable {
        var target: String
        var source: String?
        var origin: Message
    }

    private var root: Entry?
    private var image: Entry?
    private var binds: [Entry] = []
    private var hidden: [Entry] = []
    private var temporary: [Entry] = []
    private var images: [Entry] = []
    private var own: [String: Entry] = [:]

    /// - Parameter names: the unit's, where they are known.
    mutating func take(_ assignment: UnitAssignment, _ names: UnitNames?) {
        let (key, value) = (assignment.key, assignment.value)
        let origin: Message = "\(key)= (\(assignment.place))"
        let words = Self.words(assignment).map { names?.expand($0) ?? $0 }
        let list: WritableKeyPath<ServiceFileView, [Entry]>
        switch key {
        case "RootDirectory", "RootImage":
            let path = Self.plain(names?.expand(value) ?? value)
            let entry = Entry(target: "/", source: key == "RootImage" ? nil : path, origin: origin)
            if key == "RootImage" {
                image = value.isEmpty ? nil : entry
            } else {
                root = value.isEmpty ? nil : entry
            }
            return
        case "PrivateTmp", "ProtectHome":
            own[key] =
                ["yes", "true", "on", "1", "tmpfs", "disconnected"].contains(value)
                ? Entry(target: "", origin: origin) : nil
            return
        case "BindPaths", "BindReadOnlyPaths": list = \.binds
        case "InaccessiblePaths", "InaccessibleDirectories": list = \.hidden
        case "TemporaryFileSystem": list = \.temporary
        case "MountImages": list = \.images
        default: return
        }
        if words.isEmpty { self[keyPath: list] = [] }
        for word in words {
            let parts = Self.parts(word)
            switch list {
            case \.binds:
                let source = Self.plain(parts[0])
                let target = parts.count > 1 && !parts[1].isEmpty ? parts[1] : source
                binds.append(Entry(target: target, source: source, origin: origin))
            case \.images:
                if parts.count > 1 { images.append(Entry(target: parts[1], origin: origin)) }
            case \.temporary: temporary.append(Entry(target: parts[0], origin: origin))
            default: hidden.append(Entry(target: Self.plain(word), origin: origin))
            }
        }
    }

    /// What the process of `command` sees.
    package func view(of command: ExecCommand) -> FileView {
        var view = FileView()
        view.add("/", "/", origin: "")
        // With the prefix + only the root is changed.
        let isPrivileged = command.prefix.contains("+")
        let top = isPrivileged ? root : image ?? root
        if let top {
            view = FileView()
            view.add("/", top.source, origin: top.origin)
        }
        guard !isPrivileged else { return view }
        for entry in binds { view.add(entry.target, entry.source, origin: entry.origin) }
        for entry in temporary + images { view.add(entry.target, nil, origin: entry.origin) }
        for entry in hidden { view.add(entry.target, nil, origin: entry.origin, isFinal: true) }
        for (key, paths) in [
            ("PrivateTmp", ["/tmp", "/var/tmp"]), ("ProtectHome", ["/home", "/root", "/run/user"]),
        ] {
            guard let entry = own[key] else { continue }
            for path in paths { view.add(path, nil, origin: entry.origin) }
        }
        return view
    }

    /// Without the `-` and `+` before it.
    private static func plain(_ path: String) -> String { String(path.drop { $0 == "-" || $0 == "+" }) }

    /// Splits at colons; one behind a backslash is part of a name.
    private static func parts(_ word: String) -> [String] {
        var parts = [""]
        var isEscaped = false
        for character in word {
            if character == ":", !isEscaped {
                parts.append("")
            } else if character != "\\" || isEscaped {
                parts[parts.count - 1].append(character)
            }
            isEscaped = character == "\\" && !isEscaped
        }
        return parts
    }

    private static func words(_ assignment: UnitAssignment) -> [String] {
        var reader = UnitWordReader(assignment.line.bytes, in: assignment.stripped, escapes: .c)
        var words: [String] = []
        while let word = try? reader.next() { words.append(String(decoding: word.value, as: UTF8.self)) }
        return words
    }
}
