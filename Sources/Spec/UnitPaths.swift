// SPDX-License-Identifier: Apache-2.0

/// Where units lie on a node (systemd.unit(5), the administrator's directory).
package enum UnitPaths {
    /// The drop-in's file name: it sorts behind `override.conf`, which `systemctl edit` writes.
    package static let dropInName = "zz-aggregation.conf"

    /// Where our drop-in of `unit` lies.
    package static func dropIn(of unit: String) -> String { "/etc/systemd/system/\(unit).d/\(dropInName)" }

    /// Where a whole unit lies.
    package static func unit(_ unit: String) -> String { "/etc/systemd/system/\(unit)" }
}
