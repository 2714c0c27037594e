// SPDX-License-Identifier: Apache-2.0

import ClusterPlan
import NodeAccess
import PKI

/// Reads a unit's files: on a live node where systemd says that they are, in an offline tree where systemd would look.
struct UnitFiles {
    let node: any NodeTransport
    let unit: String
    /// Our own drop-in, which is left out where it is what is rendered; nil where it counts as any other.
    let own: String?

    /// systemd's unit search path, first wins (systemd.unit(5)).
    private static let searchPath = [
        "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system",
        "/lib/systemd/system",
    ]

    /// Paths of the fragment and the drop-ins in an offline tree; empty where the tree has no such unit.
    func pathsInTree() throws -> [String] {
        let fragment = try Self.searchPath.map { "\($0)/\(unit)" }.first { path in
            try node.status(path)?.kind == .regular
        }
        guard let fragment else { return [] }
        return [fragment] + (try dropInsInTree())
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
        let names = Set(known.map { AtomicFileWriter.split($0).name })
        let new = found.filter { !names.contains(AtomicFileWriter.split($0).name) }
        let present = try known.filter { try node.status($0) != nil }
        guard !new.isEmpty || present.count != known.count else { return (known, false) }
        let merged = (present + new).sorted {
            AtomicFileWriter.split($0).name < AtomicFileWriter.split($1).name
        }
        return (merged, true)
    }

    /// The texts at `paths`, in order, without our own drop-in.
    func texts(_ paths: [String]) throws -> [UnitText] {
        try paths.filter { $0 != own }.map { path in
            guard let bytes = try node.read(path, limit: 1 << 20) else {
                throw BootstrapError(
                    "unit/missing-file", "cannot read \(path) of \(unit): it is gone since systemd loaded it",
                    hint: "run systemctl daemon-reload and look at systemctl cat \(unit)")
            }
            return try UnitText(path: path, bytes: bytes)
        }
    }

    /// What was read of the unit; `live` is filled in by the caller.
    /// - Parameter given: files of --base-file, used where the node has none.
    func observe(_ base: [UnitText], given: [String: GivenFile] = [:]) throws -> ObservedUnit {
        let service = try EffectiveService(sources: base)
        var files: [String: String] = [:]
        var used: [String: GivenFile] = [:]
        for file in service.environment.files {
            // A file with a specifier or a glob in its name stays unread, and is reported so where it matters.
            if let bytes = try node.read(file.path, limit: 1 << 20) {
                files[file.path] = String(decoding: bytes, as: UTF8.self)
            } else if let text = given[file.path] {
                files[file.path] = text.text
                used[file.path] = text
            }
        }
        let names = service.environment.files.map(\.path)
        if let stray = given.keys.sorted().first(where: { !names.contains($0) }) {
            throw noSuchFile(stray, names)
        }
        var unit = ObservedUnit(
            base: base, baseDigests: try base.map { try Digest.sha256Hex(Array($0.text.utf8)) },
            environmentFiles: files, live: nil)
        unit.givenFiles = used
        return unit
    }

    private func noSuchFile(_ path: String, _ names: [String]) -> BootstrapError {
        BootstrapError(
            "usage/base-file", status: .usage, "--base-file names \(path), which \(unit) does not read",
            hint: names.isEmpty
                ? "the unit has no EnvironmentFile=: leave --base-file out"
                : "it reads \(Set(names).sorted().joined(separator: ", "))")
    }

    private func dropInsInTree() throws -> [String] {
        var byName: [String: String] = [:]
        let directories = Self.searchPath.reversed().flatMap { path in
            dropInFolders.map { "\(path)/\($0)" }
        }
        for (directory, names) in zip(directories, try node.lists(directories)) {
            for name in names where name.hasSuffix(".conf") { byName[name] = "\(directory)/\(name)" }
        }
        // An empty file, or a link to /dev/null, takes the drop-in of that name out of use.
        return try byName.sorted { $0.key < $1.key }.map(\.value).filter { path in
            do {
                return try node.read(path, limit: 1 << 20)?.isEmpty == false
            } catch let error as NodeError where error.code == .notRegular {
                return false
            }
        }
    }

    /// Least specific first: those of all services, of the unit's name up to each dash, of the unit.
    private var dropInFolders: [String] {
        let stem = unit.dropLast(".service".count)
        let prefixes = stem.indices.filter { stem[$0] == "-" }.map { "\(stem[...$0]).service.d" }
        return ["service.d"] + prefixes + ["\(unit).d"]
    }
}
