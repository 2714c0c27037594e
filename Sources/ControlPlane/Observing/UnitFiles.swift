// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import OpenSSL
import Planning
import SystemdUnits
import Values

/// Reads a unit's files: on a live node where systemd says that they are, in an offline tree where systemd would look.
package struct UnitFiles {
    let node: any NodeReading
    let unit: String
    /// Our own drop-in, which is left out where it is what is rendered; nil where it counts as any other.
    let own: String?

    /// systemd's unit search path, first wins (systemd.unit(5)).
    ///
    /// Generators' directories are left out: they are made at each boot, and no files of a tree.
    package static let searchPath = [
        "/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient",
        "/etc/systemd/system", "/etc/systemd/system.attached", "/run/systemd/system",
        "/run/systemd/system.attached", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
        "/lib/systemd/system",
    ]

    package init(node: any NodeReading, unit: String, own: String?) {
        self.node = node
        self.unit = unit
        self.own = own
    }

    /// The unit as files alone tell of it, with its drop-ins; nil where the tree has none.
    package func observeInTree(given: [String: GivenFile] = [:]) throws -> ObservedUnit? {
        try fragmentInTree().map { try observe(try texts([$0] + dropInsInTree(aliases())), given: given) }
    }

    /// A unit that only `base` tells of, with the drop-ins that wait for it.
    func observeWaiting(_ base: UnitText, given: [String: GivenFile]) throws -> ObservedUnit {
        try observe([base] + texts(dropInsInTree(aliases())), given: given)
    }

    /// The drop-ins of a unit whose own file is not there; nil where there are none either.
    package func observeDropIns() throws -> ObservedUnit? {
        let texts = try texts(dropInsInTree())
        return texts.isEmpty ? nil : try observe(texts)
    }

    /// Files are kept by their names, and two names that Unicode calls equivalent would be one.
    private func checkNames(_ paths: [String]) throws {
        for (index, path) in paths.enumerated() {
            guard let other = paths[..<index].first(where: { $0 == path && $0.bytes != path.bytes }) else {
                continue
            }
            throw BootstrapError(
                "unit/equivalent-names",
                "\(unit) reads two files whose names look the same: \(path) and \(other)",
                hint: "they differ in how an accent is written: rename one of them")
        }
    }

    /// The unit's own file in a tree; nil where the tree has no such unit.
    private func fragmentInTree() throws -> String? {
        // The template counts only where no directory has the instance itself.
        let names = UnitFolders(unit)
        for name in [unit] + (names.template.map { [$0] } ?? []) {
            if let path = try fragment(name, template: names.template) { return path }
        }
        return nil
    }

    private func fragment(_ wanted: String, template: String?) throws -> String? {
        for directory in Self.searchPath {
            let path = "\(directory)/\(wanted)"
            guard let status = try node.status(path) else { continue }
            guard status.kind == .symbolicLink else { return path }
            let target = try node.follow(path)
            guard target != "/dev/null" else {
                throw BootstrapError(
                    "unit/not-loaded", "\(unit) is masked: \(node.display(path)) is a link to /dev/null",
                    hint: "remove that link, then run it again")
            }
            let (place, name) = target.splitPath
            // Elsewhere it is a linked unit, which keeps the link's name.
            let isUnit = try Self.searchPath.contains { try node.follow($0).bytes == place.bytes }
            let isSame = name.bytes == wanted.bytes || name.bytes == template?.bytes
            guard !isUnit || isSame else {
                throw BootstrapError(
                    "unit/alias", "\(unit) is an alias of \(name)", hint: "name \(name) in apiServer.unit")
            }
            guard try node.status(target) != nil else { throw dangling(path, target) }
            return path
        }
        return nil
    }

    /// Paths of the drop-ins that apply from the next daemon-reload on.
    ///
    /// systemd's own list is that of the last one, and `NeedDaemonReload` does not tell of a drop-in directory that is
    /// new since then.
    /// - Parameter loaded: systemd's list.
    /// - Returns: the paths in order; whether they are others than `loaded`, our own drop-in left out.
    func dropIns(loaded: [String]) throws -> (paths: [String], areOthers: Bool) {
        let known = loaded.filter { $0 != own }
        let found = try dropInsInTree().filter { $0 != own }
        let names = Set(known.map(\.splitPath.name.bytes))
        let new = found.filter { !names.contains($0.splitPath.name.bytes) }
        let present = try known.filter { try node.status($0) != nil }
        guard !new.isEmpty || present.count != known.count else { return (known, false) }
        let merged = (present + new).sorted { $0.splitPath.name.bytes < $1.splitPath.name.bytes }
        return (merged, true)
    }

    /// The texts at `paths`, in order, without our own drop-in.
    func texts(_ paths: [String]) throws -> [UnitText] {
        try paths.filter { $0 != own }.map { path in
            guard let bytes = try node.read(path, limit: 1 << 20) else {
                throw BootstrapError(
                    "unit/missing-file",
                    "cannot read \(path) of \(unit): it was removed after systemd loaded it",
                    hint: "run systemctl daemon-reload and look at systemctl cat \(unit)")
            }
            return try UnitText(path: path, bytes: bytes)
        }
    }

    /// What was read of the unit; `live` is filled in by the caller.
    /// - Parameter given: files of --base-file, used where the node has none.
    func observe(_ base: [UnitText], given: [String: GivenFile] = [:]) throws -> ObservedUnit {
        let service = try EffectiveService(unit: unit, sources: base)
        var files: [String: String] = [:]
        var used: [String: GivenFile] = [:]
        let names = service.environment.files.map(\.path)
        try checkNames(names)
        try node.readAhead(names, digests: [])
        for path in names {
            // A file with a specifier or a glob in its name stays unread, and is reported so where it matters.
            if let bytes = try node.read(path, limit: 1 << 20) {
                let text = try KeptBytes.environment(bytes, path: path)
                try given[path]?.check(against: text, at: node.display(path), path: path)
                files[path] = text
            } else if let text = given[path] {
                files[path] = text.text
                used[path] = text
            }
        }
        if let stray = given.keys.sorted().first(where: { !names.containsBytes($0) }) {
            throw noSuchFile(stray, names)
        }
        var unit = ObservedUnit(
            base: base, baseDigests: try base.map { try Digest.sha256Hex($0.bytes) },
            environmentFiles: files, live: nil)
        unit.givenFiles = used
        return unit
    }

    private func noSuchFile(_ path: String, _ names: [String]) -> BootstrapError {
        BootstrapError(
            "usage/base-file", status: .usage, "--base-file names \(path), which \(unit) does not read",
            hint: names.isEmpty
                ? "the unit has no EnvironmentFile=: remove --base-file"
                : "it reads \(list: Set(names).sorted())")
    }

    /// Other names of the unit, which are links to it in the search path; drop-ins of each name apply.
    private func aliases() throws -> [String] {
        let (template, instance) = (UnitFolders(unit).template, UnitFolders(unit).instance)
        var names: [String] = []
        for (directory, entries) in zip(Self.searchPath, try node.lists(Self.searchPath)) {
            for entry in entries where entry.hasSuffix(".service") && entry.bytes != unit.bytes {
                let path = "\(directory)/\(entry)"
                guard try node.status(path)?.kind == .symbolicLink,
                    // A link of another unit that leads nowhere is none of ours.
                    let target = (try? node.follow(path))?.splitPath,
                    try Self.searchPath.contains(where: {
                        try node.follow($0).bytes == target.directory.bytes
                    })
                else { continue }
                let link = UnitFolders(entry)
                if target.name.bytes == unit.bytes {
                    names.append(entry)
                } else if let template, let instance, target.name.bytes == template.bytes {
                    // An alias of the template has the same instances; that of another instance is another unit.
                    if link.isTemplate { names.append(link.named(instance)) }
                    if link.instance == instance { names.append(entry) }
                }
            }
        }
        return names
    }

    private func dropInsInTree(_ aliases: [String] = []) throws -> [String] {
        var byName: [ByteText: String] = [:]
        // Last wins. Those of all services rank below those of a name, in whichever directory they are.
        let named = (aliases + [unit]).flatMap { name in
            Self.searchPath.reversed().flatMap { path in
                UnitFolders(name).dropIns.map { "\(path)/\($0)" }
            }
        }
        let directories = Self.searchPath.reversed().map { "\($0)/service.d" } + named
        for (directory, names) in zip(directories, try node.lists(directories)) {
            for name in names where name.utf8.suffix(5).elementsEqual(".conf".utf8) {
                byName[name.bytes] = "\(directory)/\(name)"
            }
        }
        return try byName.sorted { $0.key < $1.key }.map(\.value).filter { try !isMasked($0) }
    }

    /// Whether it takes the drop-in of its name out of use: an empty file does, and a link to /dev/null.
    ///
    /// Whatever else cannot be read is an error: its settings would be lost.
    private func isMasked(_ path: String) throws -> Bool {
        let isPlain = try node.status(path)?.kind == .regular
        let target = isPlain ? path : try node.follow(path)
        if target == "/dev/null" { return true }
        if let bytes = try node.read(path, limit: 1 << 20) { return bytes.isEmpty }
        throw dangling(path, target)
    }

    private func dangling(_ path: String, _ target: String) -> BootstrapError {
        BootstrapError(
            "unit/missing-file",
            path.bytes == target.bytes
                ? "cannot read \(node.display(path)) of \(unit): it was removed after it was listed"
                : "cannot read \(node.display(path)) of \(unit): it is a link to \(target), which is not there",
            hint: "create the file that the link names, or remove the link")
    }
}
