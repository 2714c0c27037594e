// SPDX-License-Identifier: Apache-2.0

import SystemdUnits

/// The flags that kube-apiserver gets from the files of a node, whatever its process has.
package enum WrittenFlags {
    /// - Parameter name: the unit.
    /// - Returns: nil where the files do not tell them, or somebody else adds to them.
    package static func of(_ node: ObservedNode, unit name: String) -> EffectiveFlags? {
        guard node.unit?.external == nil, let sources = try? UnitSources.current(node, unit: name),
            !sources.isEmpty,
            let service = try? EffectiveService(
                unit: name, sources: sources, environmentFiles: node.unit?.environmentFiles ?? [:])
        else { return nil }
        return node.unit == nil ? waiting(in: service) : given(by: service, unit: name)
    }

    private static func given(by service: EffectiveService, unit name: String) -> EffectiveFlags? {
        guard let command = try? service.command(unit: name) else { return nil }
        let program = CommandProgram(command, service.environment)
        guard program.kind == .apiServer, program.unknownWrapper == nil else { return nil }
        let expansion = command.expand(environment: service.environment)
        guard expansion.unseen.isEmpty, let words = expansion.texts else { return nil }
        return EffectiveFlags.parse(commandLine: words)
    }

    /// Those of the drop-in for a unit that is not known.
    private static func waiting(in service: EffectiveService) -> EffectiveFlags? {
        let words = CommandExpansion.split(service.environment[APIServerFlags.variable])
        let texts = words.compactMap(\.text)
        return texts.isEmpty || texts.count < words.count ? nil : EffectiveFlags.parse(arguments: texts)
    }
}
