// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import LocalFiles
import NodeAccess
import Planning
import Spec
import SystemdUnits
import Values

/// What the command line gives of a unit in the place of a node's own files.
struct GivenUnit {
    let request: RunRequest
    /// `apiServer.unit` of the spec.
    let unit: String

    /// The unit of `--base-unit`, at the path that it would have on a node.
    /// - Throws: `usage/no-base-unit`, `usage/base-unit-name`, or what is wrong with the text.
    func baseUnit(embedded: Bool) throws -> GivenBase? {
        let path = UnitPaths.unit(unit)
        guard let file = request.baseUnitFile else {
            return embedded
                ? GivenBase(text: UnitText(path: path, text: EmbeddedDefault.baseUnit), file: nil) : nil
        }
        let bytes = try Self.read(file) { cause, hint in
            BootstrapError(
                "usage/no-base-unit", status: .usage, "cannot read the base unit \(file): \(cause)",
                hint: hint ?? "give a unit file that runs kube-apiserver")
        }
        try checkName(file)
        // On the node it lies where an operator's units lie; that is the path that the drop-in names.
        _ = try UnitText(path: file, bytes: bytes)
        return GivenBase(text: try UnitText(path: path, bytes: bytes), file: file)
    }

    /// - Parameter error: makes an error of a cause, and of what to do about it where that is known.
    private static func read(
        _ file: String, orThrow error: (_ cause: Message, _ hint: Message?) -> BootstrapError
    ) throws -> [UInt8] {
        do {
            if let bytes = try FileReader.read(file, limit: 1 << 20) { return bytes }
        } catch let failure {
            throw error(failure.underlying, failure.hint)
        }
        throw error("no such file", nil)
    }

    /// A file that bears another unit's name is that unit's: the flags would go to one that does not exist.
    private func checkName(_ file: String) throws {
        let name = String(file.split(separator: "/").last ?? "")
        guard name.hasSuffix(".service"), name != unit else { return }
        // The file of a template is that of its instances.
        if let at = unit.firstIndex(of: "@"), name == "\(unit[...at]).service" { return }
        throw BootstrapError(
            "usage/base-unit-name", status: .usage,
            "the base unit \(file) has the name \(name), but apiServer.unit of the spec is \(unit), so the flags would "
                + "go to another unit",
            hint:
                "set apiServer.unit to \"\(name)\" in the spec; if the nodes call it \(unit), rename the file to that"
        )
    }

    /// The files of `--base-file` by their path on a node.
    /// - Throws: `usage/base-file`.
    func baseFiles() throws -> [String: GivenFile] {
        var files: [String: GivenFile] = [:]
        for argument in request.baseFiles {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                String.init)
            guard parts.count == 2, !parts[1].isEmpty else {
                throw refusal("--base-file \(argument) is not PATH=FILE")
            }
            guard parts[0].hasPrefix("/") else {
                throw refusal("--base-file \(argument): \(parts[0]) is not an absolute path on the node")
            }
            guard files[parts[0]] == nil else { throw refusal("--base-file gives \(parts[0]) twice") }
            let bytes = try Self.read(parts[1]) {
                refusal("cannot read \(parts[1]) of --base-file: \($0)", $1)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard text.utf8.elementsEqual(bytes) else {
                throw refusal(
                    "\(parts[1]) of --base-file is not UTF-8",
                    "save it as UTF-8; if only comments are not UTF-8, copy it to ROOT/NODE\(parts[0]) instead"
                )
            }
            let mode = try FileStatus.of(parts[1])?.mode ?? 0o600
            files[parts[0]] = GivenFile(text: text, mode: mode & 0o777, file: parts[1])
        }
        guard files.isEmpty || request.root != nil else {
            throw BootstrapError(
                "usage/base-file", status: .usage, "--base-file is given without --root",
                hint: "remove it: a live run reads the node's own files")
        }
        return files
    }

    private func refusal(_ text: Message, _ hint: Message? = nil) -> BootstrapError {
        BootstrapError(
            "usage/base-file", status: .usage, text,
            hint: hint ?? "for example --base-file /etc/kubernetes/apiserver=apiserver.env")
    }
}
