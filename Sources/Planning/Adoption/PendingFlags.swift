// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Aggregation flags of which the files of a unit say something else than its process runs with.
enum PendingFlags {
    /// - Returns: nothing where the files do not tell what they would start.
    static func notes(_ node: ObservedNode, unit name: String) -> [AdoptionNote] {
        guard let running = node.unit?.live?.runningArguments, let words = words(node, name) else {
            return []
        }
        let (now, then) = (
            EffectiveFlags.parse(commandLine: running), EffectiveFlags.parse(commandLine: words)
        )
        return APIServerFlags.names.filter { now.meant($0) != then.meant($0) }.map { flag in
            .notRestarted(node: node.name, flag: flag, running: now.given(flag), files: then.given(flag))
        }
    }

    /// The command line that the files would start; nil where a part of it is not known, or somebody else adds to it.
    private static func words(_ node: ObservedNode, _ name: String) -> [String]? {
        guard let unit = node.unit, unit.external == nil,
            let sources = try? UnitSources.current(node, unit: name),
            let service = try? EffectiveService(
                unit: name, sources: sources, environmentFiles: unit.environmentFiles),
            let command = try? service.command(unit: name)
        else { return nil }
        let program = CommandProgram(command, service.environment)
        guard program.kind == .apiServer, program.unknownWrapper == nil else { return nil }
        let expansion = command.expand(environment: service.environment)
        return expansion.unseen.isEmpty ? expansion.texts : nil
    }
}
