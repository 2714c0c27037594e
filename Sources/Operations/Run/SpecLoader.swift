// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Spec
import StateStore
import Values

/// Finds and reads the cluster's spec.
package enum SpecLoader {
    private static let places = ["./aggbootstrap.json", "/etc/aggbootstrap/cluster.json"]

    private static let variable = "AGGBOOTSTRAP_SPEC"

    /// The spec's file: the flag, else `$AGGBOOTSTRAP_SPEC`, else the first of the usual places that exists.
    package static func find(_ flag: String?) throws -> String? {
        try flag ?? LocalHost.setting(variable) ?? usual()
    }

    private static func usual() throws -> String? { try places.first { try FileStatus.of($0) != nil } }

    /// That file and who names it; nil where there is none.
    static func origin(_ flag: String?) throws -> Message? {
        guard let path = try find(flag) else { return nil }
        let named = LocalHost.setting(variable)
        if flag == nil, named == nil { return "\(path) (found there)" }
        let next: Message? =
            try flag == nil
            ? usual().map { Message(verbatim: $0) }
            : named.map { "$\(variable), \($0)" } ?? usual().map { Message(verbatim: $0) }
        let instead: Message = next.map { ", instead of \($0)" } ?? ""
        return "\(path) (\(flag == nil ? "$\(variable)" : "--spec")\(instead))"
    }

    /// - Throws: `SpecProblems` for a file that is no valid spec; `spec/unreadable` (exit 65) for one that cannot be
    ///   read.
    package static func load(_ path: String) throws -> ClusterSpec {
        try ClusterSpec.parse(try read(path), fileName: path)
    }

    /// A file of cfssl as it is, with the same errors as a spec's.
    package static func readCFSSL(_ path: String) throws -> [UInt8] {
        try read(path, as: "cfssl's file", hint: "give a readable JSON file")
    }

    private static func read(
        _ path: String, as kind: Message = "the spec",
        hint: Message =
            "give it with --spec FILE; `aggbootstrap spec init` writes a minimal one, `spec adopt` that of a cluster that exists"
    ) throws -> [UInt8] {
        do {
            // One byte more than the limit, so that the parser says what is too large.
            if let bytes = try FileReader.read(path, limit: 2 << 20) { return bytes }
        } catch {
            throw BootstrapError(
                "spec/unreadable", status: .badSpec, "cannot read \(kind) \(path): \(error.underlying)",
                hint: error.hint ?? hint)
        }
        throw BootstrapError(
            "spec/missing", status: .badSpec, "cannot read \(kind) \(path): no such file", hint: hint)
    }
}

extension SpecLoader {
    /// - Throws: as `create`, where something is there already.
    package static func checkFree(_ path: String) throws {
        let whole = try path.isAbsolutePath ? path : LocalHost.absolute(path)
        if try FileStatus.of(whole) != nil { throw try exists(path) }
        let directory = whole.splitPath.directory
        guard try FileStatus.of(NodeRoot.machine.follow(directory))?.kind == .directory else {
            throw BootstrapError(
                "spec/no-directory", status: .usage, "cannot write \(path): \(directory) is not a directory",
                hint: "make the directory, or use another file name")
        }
    }

    /// Writes a new spec; an existing file is never replaced.
    package static func create(_ path: String, _ text: String) throws {
        guard try AtomicFileWriter.create(path, .text(text), mode: 0o644) else { throw try exists(path) }
    }

    private static func exists(_ path: String) throws -> BootstrapError {
        let whole = try path.isAbsolutePath ? path : LocalHost.absolute(path)
        if try FileStatus.of(NodeRoot.machine.follow(whole))?.kind == .directory {
            let directory = path.hasSuffix("/") ? path : "\(path)/"
            return BootstrapError(
                "spec/exists", "cannot write \(path): it is a directory",
                hint: "name a file in it, such as \(directory)cluster.json")
        }
        return BootstrapError(
            "spec/exists", "cannot write \(path): it exists already",
            hint: "use another file name, or remove that file")
    }
}
