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

    package var path: String {
        switch self {
        case .dropIn(let path), .inertDropIn(let path), .unit(let path): path
        case .environmentFile(let file): file.path
        }
    }

    /// Where `flagsIn` puts the flags on a node.
    /// - Parameter unit: what is known of the unit, other than our drop-in: on the node, in its tree or given.
    /// - Returns: nil for `auto` on a live node that has no such unit and a spec that cannot make one.
    package static func resolve(
        _ spec: APIServerSpec, unit: ObservedUnit?, access: ObservedNode.Access
    ) -> FlagsTarget? {
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
            if unit != nil { return .dropIn(path: dropIn) }
            return access == .offline ? .inertDropIn(path: dropIn) : nil
        }
    }
}
