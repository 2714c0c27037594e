// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// kube-apiserver's container in a static pod, as a manifest in JSON has it; one in YAML is not read.
package struct StaticPod: Sendable {
    /// One argument, with its line in the manifest.
    struct Word: Sendable {
        let text: String
        let line: Int
    }

    /// The manifest's path on the node.
    package let path: String
    /// The program first.
    let words: [Word]
    /// What the container sees of the node's files.
    private let view: FileView
    private let workingDirectory: String

    private static let program = "kube-apiserver"

    /// - Returns: nil where no container certainly runs kube-apiserver with the arguments that the manifest has.
    package init?(path: String, _ manifest: LocatedJSON) {
        let spec = manifest["spec"]
        let containers = spec?["containers"]?.elements ?? []
        guard manifest["kind"]?.text == "Pod",
            let container = containers.first(where: { Self.isMeant(Self.words(of: $0)) })
        else { return nil }
        self.path = path
        words = Self.words(of: container)
        workingDirectory = container["workingDir"]?.text ?? "/"
        view = Self.view(container, volumes: spec?["volumes"]?.elements ?? [])
    }

    private static func isMeant(_ words: [Word]) -> Bool {
        guard !words.isEmpty else { return false }
        if case .apiServer = CommandProgram(words.map(\.text)).kind { return true }
        return false
    }

    private static func words(of container: LocatedJSON) -> [Word] {
        func list(_ name: String) -> [Word] {
            (container[name]?.elements ?? []).map { Word(text: $0.text ?? "", line: $0.location.line) }
        }
        let (command, arguments) = (list("command"), list("args"))
        guard command.isEmpty, let image = container["image"]?.text, image.contains(program) else {
            return command + arguments
        }
        // The image says what is run.
        return [Word(text: program, line: container.location.line)] + arguments
    }

    private static func view(_ container: LocatedJSON, volumes: [LocatedJSON]) -> FileView {
        var view = FileView()
        for mount in container["volumeMounts"]?.elements ?? [] {
            guard let target = mount["mountPath"]?.text else { continue }
            let volume = volumes.first { $0["name"]?.text == mount["name"]?.text }
            let below = mount["subPath"]?.text.map { "/\($0)" } ?? ""
            view.add(target, volume?["hostPath"]?["path"]?.text.map { $0 + below }, origin: "a mount")
        }
        return view
    }

    /// The node's file that the process has under `path`; nil where it has another one, or none.
    func nodePath(_ path: String) -> String? {
        guard case .node(let source) = view.source(of: absolutePath(path)).source else { return nil }
        return source
    }

    /// As the process takes a path.
    func absolutePath(_ path: String) -> String {
        FileView.clean(path.isAbsolutePath ? path : "\(workingDirectory)/\(path)")
    }
}
