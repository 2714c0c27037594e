// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Aggregation flags of which the files of a unit say something else than its process runs with.
enum PendingFlags {
    /// - Returns: nothing where the files do not tell what they would start.
    static func notes(_ node: ObservedNode, unit name: String) -> [AdoptionNote] {
        guard let running = node.unit?.live?.runningArguments, let then = WrittenFlags.of(node, unit: name)
        else { return [] }
        let now = EffectiveFlags.parse(commandLine: running)
        return APIServerFlags.names.filter { now.meant($0) != then.meant($0) }.map { flag in
            .notRestarted(node: node.name, flag: flag, running: now.given(flag), files: then.given(flag))
        }
    }
}
