// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Whether kube-apiserver sees the certificates where the flags say that they are.
extension NodePlanner {
    /// The directory, and the files in it.
    private var paths: [String] {
        [spec.certificates.directory, node.ca.path, node.certificate.path, node.key.path]
    }

    /// Refuses a container that certainly does not see the certificates; says what must be mounted in any other.
    mutating func checkContainer(
        _ command: ExecCommand, _ service: EffectiveService, _ program: CommandProgram, _ name: String
    ) {
        guard let container = program.container else { return }
        let shellHasVariables =
            ShellCommand(command)?.line.prefix(program.ownStart).contains { $0.hasPrefix("$") } ?? false
        let isUnseen = !command.expand(environment: service.environment).unseen.isEmpty
        let mounts = ContainerMounts(container, mayHaveOthers: isUnseen || shellHasVariables)
        let directory = spec.certificates.directory
        let option = name == "rkt" ? "--volume and --mount" : "-v \(directory):\(directory):ro"
        guard let hidden = paths.first(where: { mounts.shows($0) == false }) else {
            return notice(
                "plan/container",
                "\(unitName) runs kube-apiserver in a container (\(name)): mount \(directory) in it under "
                    + "the same path, as a directory and not file by file, so that it sees new certificates")
        }
        refuse(
            "plan/not-mounted",
            "\(unitName) runs kube-apiserver in a container that does not see \(hidden) of the node "
                + "(\(command.place)): it would not start with certificates there",
            "mount it under the same path with \(option), or set certificates.directory to a directory that is "
                + "mounted under its own path")
    }

    /// Refuses a service or a wrapper that certainly gives kube-apiserver other files under the same paths.
    ///
    /// - Parameter programs: the unit's, and what a shell runs.
    mutating func checkFiles(
        _ command: ExecCommand, _ service: EffectiveService, _ programs: [CommandProgram]
    ) {
        let root = programs.flatMap(\.roots).joined()
        let view = service.files.view(of: command)
        if programs.contains(where: \.changesFiles) || root.contains(where: { "%$".contains($0) }) {
            return noteUnseen("the command (\(command.place))")
        }
        for path in paths {
            let (source, layer) = view.source(of: root + path)
            switch source {
            case .node(let source) where source.bytes == FileView.clean(path).bytes: continue
            case .unknown: return noteUnseen(layer.map { "\($0.origin)" } ?? "the unit")
            case .node, .other:
                let isOwn = layer?.origin.isEmpty ?? true
                let cause: Message =
                    isOwn
                    ? "the root directory \(root) of its command (\(command.place))"
                    : layer.map { "\($0.origin)" } ?? ""
                return refuse(
                    "plan/hidden-path",
                    "\(unitName) runs kube-apiserver with another \(path) than the node's, because of \(cause): it "
                        + "would not start with certificates there", hint(layer, root))
            }
        }
    }

    private func hint(_ layer: FileView.Layer?, _ root: String) -> Message {
        let directory = spec.certificates.directory
        let isInside = layer.map { $0.isFinal || ($0.target + "/").hasPrefix(directory + "/") } ?? false
        if isInside {
            return
                "remove it from that setting, or set certificates.directory to a directory that the unit sees"
        }
        let target = root.isEmpty ? "" : ":\(FileView.clean(root + directory))"
        return "add BindReadOnlyPaths=\(directory)\(target) to the unit's [Service]"
    }

    private mutating func noteUnseen(_ cause: Message) {
        notice(
            "plan/path-unseen",
            "\(unitName) may give kube-apiserver other files than the node's, because of \(cause): "
                + "\(spec.certificates.directory) must be visible to it under the same path")
    }
}
