// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits

/// The files that make up a unit, as they are and as a change would leave them.
package enum UnitSources {
    /// Fragment first, then the drop-ins in systemd's order, our own among them.
    package static func current(_ node: ObservedNode, unit: String) throws(UnitError) -> [UnitText] {
        let base = node.unit?.base ?? []
        let dropIn = UnitPaths.dropIn(of: unit)
        guard node.flags.path == dropIn, let own = node.flags.content,
            !base.contains(where: { $0.path == dropIn })
        else { return base }
        return base + [try UnitText(path: dropIn, bytes: own)]
    }

    /// The same after `files` have changed; empty where the unit itself is removed.
    package static func after(
        _ files: [FileChange], on node: ObservedNode, unit: String
    ) throws(UnitError) -> [UnitText] {
        var sources = try current(node, unit: unit)
        for file in files where isUnitFile(file.path, unit: unit) && file.action != .setMetadata {
            let index = sources.firstIndex { $0.path == file.path }
            if file.action == .remove {
                if let index { sources.remove(at: index) }
                // Drop-ins alone are no unit.
                if file.path == UnitPaths.unit(unit), index == 0 { sources = [] }
                continue
            }
            guard case .text(let bytes) = file.content else { continue }
            let text = try UnitText(path: file.path, bytes: bytes)
            if let index {
                sources[index] = text
            } else if file.path == UnitPaths.unit(unit) {
                // It takes the place of the one further down systemd's search path.
                sources = [text] + sources.dropFirst()
            } else {
                sources.append(text)
            }
        }
        return sources
    }

    /// The unit's environment files after `files` have changed.
    package static func environmentFiles(_ files: [FileChange], on node: ObservedNode) -> [String: String] {
        var known = node.unit?.environmentFiles ?? [:]
        for file in files where known[file.path] != nil || file.path == node.flags.path {
            switch file.content {
            case .text(let bytes): known[file.path] = try? KeptBytes.environment(bytes, path: file.path)
            case .nothing: known[file.path] = nil
            case .certificate, .bundle, .certificateToIssue, .privateKey, .privateKeyCopy: break
            }
        }
        return known
    }

    /// Whether systemd reads the file as one of the unit's; an environment file is none.
    package static func isUnitFile(_ path: String, unit: String) -> Bool {
        path == UnitPaths.dropIn(of: unit) || path == UnitPaths.unit(unit)
    }
}
