// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits

/// The file on a node that the aggregation flags are written into.
package enum FlagsTarget: Sendable, Equatable {
    /// A drop-in that is merged from the unit's other files.
    case dropIn(path: String)
    /// A drop-in that only sets `$AGGREGATION_FLAGS`, since the unit is not known.
    case inertDropIn(path: String)
    /// The whole unit.
    case unit(path: String)
    /// A variable in a file that the unit reads.
    case environmentFile(EnvironmentFileSpec)
    /// The unit has the spec's flags already, in a command of the operator's: nothing is written.
    case kept(path: String)

    package var path: String {
        switch self {
        case .dropIn(let path), .inertDropIn(let path), .unit(let path), .kept(let path): path
        case .environmentFile(let file): file.path
        }
    }

    /// Where `flagsIn` puts the flags on a node.
    /// - Parameter unit: what is known of the unit, other than our drop-in: on the node, in its tree or given.
    /// - Returns: nil for `auto` on a live node that has no such unit and a spec that cannot make one.
    package static func resolve(
        _ cluster: ClusterSpec, unit: ObservedUnit?, access: ObservedNode.Access
    ) -> FlagsTarget? {
        let spec = cluster.apiServer
        let dropIn = UnitPaths.dropIn(of: spec.unit)
        switch spec.flagsIn {
        case .unit: return .unit(path: UnitPaths.unit(spec.unit))
        case .environmentFile: return spec.environmentFile.map { .environmentFile($0) }
        case .auto, .dropIn:
            // The whole unit of an earlier run stays what the flags are written into.
            let isOurs = unit?.base.first.map { RenderedUnit.isWholeUnit($0, of: spec.unit) } ?? true
            if spec.flagsIn == .auto, spec.flags != nil, isOurs {
                return .unit(path: UnitPaths.unit(spec.unit))
            }
            if spec.flagsIn == .auto, let unit, !unit.hasOwnDropIn,
                let file = EnvironmentFileMerge.home(
                    of: unit.base, environmentFiles: unit.environmentFiles, unit: spec.unit)
            {
                return .environmentFile(file)
            }
            if spec.flagsIn == .auto, let unit, !unit.hasOwnDropIn, let path = home(of: cluster, unit) {
                return .kept(path: path)
            }
            if unit != nil { return .dropIn(path: dropIn) }
            return access == .offline ? .inertDropIn(path: dropIn) : nil
        }
    }

    /// The file whose command has all of the spec's flags, and no other of them; nil where there is none.
    private static func home(of spec: ClusterSpec, _ unit: ObservedUnit) -> String? {
        let name = spec.apiServer.unit
        guard
            let service = try? EffectiveService(
                unit: name, sources: unit.base, environmentFiles: unit.environmentFiles),
            let command = try? service.command(unit: name)
        else { return nil }
        let flags = EffectiveFlags.parse(commandLine: service.arguments(of: command))
        let wanted = APIServerFlags(spec: spec)
        let differs = wanted.differences(from: flags, decidesRouting: spec.apiServer.decidesRouting)
        return differs.isEmpty ? command.path : nil
    }
}
