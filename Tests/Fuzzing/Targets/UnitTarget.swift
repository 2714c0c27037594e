// SPDX-License-Identifier: Apache-2.0

@testable import SystemdUnits
import Spec
import Values

/// A unit, a drop-in of it and an environment file, with NULs between them.
///
/// A command is put together again byte for byte. What the program renders is read as what was meant, twice the same, and
/// every flag is there once.
enum UnitTarget {
    static let unit = "kube-apiserver.service"
    static let flags: APIServerFlags = {
        let text = SpecDocument.minimal(cluster: "c", nodes: [NewNode(name: "n")])
        guard let spec = try? ClusterSpec.parse(Array(text.utf8), fileName: "spec.json") else { fatalError() }
        return APIServerFlags(spec: spec)
    }()

    static func run(_ bytes: [UInt8]) {
        let parts = parts(bytes, 3)
        var sources: [UnitText] = []
        for (path, bytes) in zip(
            ["/lib/systemd/system/\(unit)", "/etc/systemd/system/\(unit).d/50-a.conf"], parts)
        where sources.isEmpty || !bytes.isEmpty {
            guard let source = try? UnitText(path: path, bytes: bytes) else { return }
            require(source.bytes == bytes, "a unit's bytes are others")
            require(source.text.utf8.count == bytes.count, "a unit's text is longer than its bytes")
            guard let file = try? UnitFile.parse(source) else { return }
            for assignment in file.assignments { check(assignment, bytes) }
            sources.append(source)
        }
        let files = ["/etc/kubernetes/apiserver": text(parts[2])]
        guard let service = try? EffectiveService(unit: unit, sources: sources, environmentFiles: files),
            let command = try? service.command(unit: unit)
        else { return }
        check(command, service)
        // Of these the planner says that no flags reach kube-apiserver, and nothing is rendered.
        let program = CommandProgram(command, service.environment)
        if program.kind == .other, program.container != nil { return }
        if case .closedContainer = program.kind { return }
        let rendered: RenderedUnit
        do throws(UnitError) {
            rendered = try render(sources, files)
        } catch {
            require(error.code != .inconsistent, "\(error)")
            return
        }
        check(rendered, sources, files, isShell: ShellCommand(command) != nil)
    }

    private static func render(
        _ sources: [UnitText], _ files: [String: String]
    ) throws(UnitError) -> RenderedUnit {
        let digest = String(repeating: "0", count: 64)
        return try RenderedUnit.dropIn(
            unit: unit, base: sources, baseDigests: sources.map { _ in digest }, environmentFiles: files,
            flags: flags)
    }

    private static func check(_ assignment: UnitAssignment, _ bytes: [UInt8]) {
        let lines = 1 + bytes.count { $0 == 0x0a || $0 == 0x0d }
        require((1...lines).contains(assignment.lineNumber), "a line outside of the file")
        guard assignment.key == "ExecStart", let command = try? ExecCommand(assignment) else { return }
        let whole = command.words.map { $0.separator + $0.raw }.joined() + command.tail
        require(isSame(whole, assignment.rawValue), "a command's parts are not the command")
    }

    /// A command is the same as itself, as far as variables and specifiers are known.
    static func check(_ command: ExecCommand, _ service: EffectiveService) {
        let expansion = command.expand(environment: service.environment)
        if let texts = expansion.texts {
            let comparison = command.matchesRunning(argv: texts, environment: service.environment)
            let program = CommandProgram(command, service.environment)
            if program.ownStart == 1 || program.kind != .apiServer {
                require(comparison.isSame, "a command is not what it runs: \(comparison.differences)")
            }
        }
        let words = command.arguments.compactMap { ArgumentPattern(expanding: $0.value).text }
        if words.count == command.arguments.count {
            require(command.matchesBus(argv: words).isSame, "a command is not what the bus says")
        }
        _ = service.arguments(of: command)
        _ = service.files.view(of: command).source(of: "/etc/kubernetes/ssl/aggregator-ca.pem")
        for index in command.words.indices { _ = command.line(ofWord: index) }
    }

    private static func check(
        _ rendered: RenderedUnit, _ sources: [UnitText], _ files: [String: String], isShell: Bool
    ) {
        let dropIn = UnitText(path: rendered.path, text: rendered.text)
        do throws(UnitError) {
            let service = try EffectiveService(
                unit: unit, sources: sources + [dropIn], environmentFiles: files)
            let command = try service.command(unit: unit)
            if !isShell {
                let words = command.expand(environment: service.environment).arguments.map(
                    \.pattern.description)
                let found = EffectiveFlags.parse(commandLine: words).occurrences
                    .filter { APIServerFlags.names.contains($0.name) }
                    .map { $0.arguments.map { words[$0] }.joined(separator: " ") }
                require(found == flags.arguments, "the flags are not there once: \(found)")
            }
            let again = try render(sources, files)
            require(isSame(again.text, rendered.text), "it renders something else the second time")
        } catch {
            fatalError("PROPERTY: what was rendered cannot be read: \(error)")
        }
        if case .frozen(let base) = rendered.mode {
            require(RecordedBase(dropIn)?.path == base, "the drop-in does not say what it replaces")
        }
    }
}
