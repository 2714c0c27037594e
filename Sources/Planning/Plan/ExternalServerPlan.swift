// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// What is planned where something else than systemd runs kube-apiserver: its files are ours, its flags and restarts are not.
extension NodePlanner {
    mutating func planExternal() {
        let wanted = APIServerFlags(spec: spec)
        guard let unit = node.unit, let live = unit.live else {
            // Offline, where no process is seen.
            return notice(
                "plan/external-flags",
                "the flags of kube-apiserver are not looked at offline; it needs these:",
                Message.verbatim(wanted.arguments))
        }
        guard let running = live.runningArguments else {
            return notice(
                "plan/no-process",
                "no kube-apiserver runs there, so its flags are not known; it needs these:",
                Message.verbatim(wanted.arguments))
        }
        let flags = EffectiveFlags.parse(commandLine: running)
        let differences = wanted.differences(from: flags, decidesRouting: spec.apiServer.decidesRouting)
        let missing = differences.filter { $0.found.isEmpty }
        if flags.lacksAggregation {
            noteMissing(missing.compactMap(\.wanted), unit)
        } else if !differences.isEmpty {
            refuseOtherFlags(differences, unit)
        }
        checkHidden(unit, isRead: !flags.lacksAggregation)
        checkReread()
        checkLeafName(live)
    }

    /// The files come first: kube-apiserver does not start with flags that name files which are not there.
    private mutating func noteMissing(_ flags: [String], _ unit: ObservedUnit) {
        let form = ExternalFlagsForm(manager: unit.external?.manager ?? .unknown)
        notice(
            "plan/flags-missing",
            "kube-apiserver runs without the aggregation layer: once the certificate files are there, \(form.place), "
                + "then run init again, which proves it:", form.lines(adding: flags))
    }

    private mutating func refuseOtherFlags(_ differences: [FlagDifference], _ unit: ObservedUnit) {
        let text = differences.map { difference -> Message in
            switch (difference.found, difference.wanted) {
            case ([], let wanted?): "lacks \(wanted)"
            case (let found, nil): "has \(found.joined(separator: " ")), and the spec does not want it"
            case (let found, let wanted?): "has \(found.joined(separator: " ")) instead of \(wanted)"
            }
        }
        let form = ExternalFlagsForm(manager: unit.external?.manager ?? .unknown)
        refuse(
            "plan/other-flags", text.dropFirst().reduce("kube-apiserver \(text[0])") { $0 + "; it \($1)" },
            "change the spec to what it runs with (aggbootstrap spec adopt writes such a spec); or \(form.changing)"
        )
    }

    /// Files that the process would not see when they are replaced.
    private mutating func checkHidden(_ unit: ObservedUnit, isRead: Bool) {
        for file in unit.external?.hiddenFiles ?? [] {
            let directory = file.path.splitPath.directory
            let why: Message =
                switch file.reason {
                case .notMounted:
                    "the container of kube-apiserver has no such file: \(directory) is not mounted into it"
                case .otherFile: "kube-apiserver sees another file at this path than the node has"
                case .mountedAlone:
                    "the file itself is mounted into the container of kube-apiserver, which keeps the old one when it is replaced"
                }
            guard isRead else {
                notice(
                    "plan/not-mounted", "\(file.path): \(why); mount \(directory) too (hostPath, read-only)")
                continue
            }
            refuse(
                "plan/hidden-file", "\(file.path): \(why)",
                "mount the directory \(directory) at the same path (hostPath), then run it again")
        }
    }

    private mutating func checkReread() {
        guard let rereadReason else { return }
        refuse(
            "plan/needs-restart", "\(rereadReason), and aggbootstrap does not restart it",
            "upgrade it to 1.20 or later first")
    }
}
