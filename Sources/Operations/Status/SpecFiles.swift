// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Spec
import Values

/// The specs that `--spec` names where it may name many.
package enum SpecFiles {
    /// Whether these paths are a fleet: more than one, or a directory of them.
    package static func areFleet(_ paths: [String]) throws -> Bool {
        if paths.count > 1 { return true }
        return try paths.contains { try isDirectory($0) }
    }

    /// The files, and those in the directories, each once.
    ///
    /// In a directory, a spec is a file `*.json` whose `apiVersion` is aggbootstrap's. One that is no JSON counts if it
    /// names aggbootstrap, so that a broken spec is not passed over.
    /// - Throws: `usage/empty-path`; `spec/none-in-directory` for a directory without one.
    package static func find(_ paths: [String]) throws -> [String] {
        var (found, known): ([String], Set<String>) = ([], [])
        for path in paths {
            guard !path.isEmpty else {
                throw BootstrapError(
                    "usage/empty-path", status: .usage, "--spec is given an empty path",
                    hint: "check that the shell variable in it is set")
            }
            let files = try isDirectory(path) ? specs(in: path) : [path]
            for file in files where known.insert(try real(file)).inserted { found.append(file) }
        }
        return found
    }

    private static func specs(in directory: String) throws -> [String] {
        let base = directory.hasSuffix("/") ? directory : "\(directory)/"
        let names = try FileReader.list(directory)
        let files = try names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.map { base + $0 }
            .filter { try !isDirectory($0) && isSpec($0) }
        guard !files.isEmpty else {
            throw BootstrapError(
                "spec/none-in-directory", status: .badSpec,
                "there is no spec in \(directory): no *.json file in it has \"apiVersion\": \"\(SpecFields.apiVersion)\"",
                hint: "`aggbootstrap spec init \(base)NAME.json` writes a minimal one")
        }
        return files
    }

    private static func isSpec(_ path: String) -> Bool {
        // What cannot be read may be one, and is an error of its own.
        guard let bytes = try? FileReader.read(path, limit: 2 << 20) else { return true }
        guard let json = try? LocatedJSON.parse(bytes) else {
            return String(decoding: bytes, as: UTF8.self).contains("\"aggbootstrap/")
        }
        guard case .object(let members) = json.value,
            case .string(let version)? = members.first(where: { $0.key == "apiVersion" })?.value.value
        else { return false }
        return version.hasPrefix("aggbootstrap/")
    }

    private static func isDirectory(_ path: String) throws -> Bool {
        guard !path.isEmpty else { return false }
        return try FileStatus.of(real(path))?.kind == .directory
    }

    private static func real(_ path: String) throws -> String {
        try NodeRoot.machine.follow(LocalHost.absolute(path))
    }
}
