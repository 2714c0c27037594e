// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// What runs kube-apiserver: its unit, from its files and from systemd; or a process that something else runs.
package struct ObservedUnit: Sendable, Equatable {
    /// Fragment first, then drop-ins in systemd's order, without our own drop-in.
    package var base: [UnitText]
    /// Lower-case hex SHA-256 of each text in `base`.
    package var baseDigests: [String]
    /// Content of each environment file that could be read, by path.
    package var environmentFiles: [String: String]
    /// What systemd and the process say; nil offline.
    package var live: LiveUnit?
    /// Those of `environmentFiles` that were given with --base-file.
    package var givenFiles: [String: GivenFile] = [:]
    /// What is known of a process that no unit of ours runs; `base` is empty then.
    package var external: ExternalServer?
    /// Whether our own drop-in is there, be it one of `base` or not.
    package var hasOwnDropIn = false

    package init(
        base: [UnitText], baseDigests: [String], environmentFiles: [String: String], live: LiveUnit?
    ) {
        self.base = base
        self.baseDigests = baseDigests
        self.environmentFiles = environmentFiles
        self.live = live
    }
}

extension ObservedUnit {
    /// Digests of the unit's files by path, without the file that this program writes itself.
    package func digests(without own: String) -> [String: String] {
        Dictionary(zip(base.map(\.path), baseDigests).filter { $0.0 != own }) { first, _ in first }
    }
}
