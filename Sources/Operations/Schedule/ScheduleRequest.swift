// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Spec
import StateStore
import SystemdUnits
import Values

/// What `schedule install` is asked for.
package struct ScheduleRequest: Sendable {
    /// As it was written, for example `30d`, and what it means.
    package var renewBefore: (text: String, seconds: Int64)?
    /// More arguments of the run.
    package var arguments: [String]
    package var calendar: String
    /// The file that holds the state's passphrase; nil for none.
    package var passphraseFile: String?
    /// Whether the run is told its state directory, so that it does not look it up in the spec.
    package var namesState: Bool

    package init(
        renewBefore: (text: String, seconds: Int64)?, arguments: [String], calendar: String,
        passphraseFile: String?, namesState: Bool
    ) {
        self.renewBefore = renewBefore
        self.arguments = arguments
        self.calendar = calendar
        self.passphraseFile = passphraseFile
        self.namesState = namesState
    }

    /// The units for a cluster on this machine.
    /// - Throws: `schedule/control-plane` where this machine is one that the spec reaches otherwise; `usage/calendar`.
    package func units(_ run: Run) async throws -> ScheduleUnits {
        let onControlPlane = run.spec.nodes.contains(where: \.local)
        if !onControlPlane, let node = try Self.ownNode(run.spec) { throw Self.isControlPlane(node) }
        _ = try Renewal(
            run, rule: renewBefore.map { .within(seconds: $0.seconds) } ?? .twoThirds, .init(reloadSeconds: 0)
        )
        guard let spec = try SpecLoader.find(run.request.specFile) else {
            throw BootstrapError(
                "usage/no-spec", status: .usage, "no spec was found", hint: "give it with --spec FILE")
        }
        try await checkCalendar()
        let program = try LocalHost.executable()
        let (specFile, statePath) = (try LocalHost.absolute(spec), try LocalHost.absolute(run.state.path))
        let passphrase = try passphraseFile.map { file throws(NodeError) in try LocalHost.absolute(file) }
        for path in [program, specFile, statePath] + (passphrase.map { [$0] } ?? []) {
            try Self.checkPlace(path)
        }
        var command = [program, "rotate", "--if-due", "--yes", "--spec", specFile]
        if namesState || isStateInEnvironment { command += ["--state", statePath] }
        if let renewBefore { command += ["--renew-before", renewBefore.text] }
        return try ScheduleUnits.render(
            .init(
                cluster: run.spec.cluster, command: command + arguments,
                passphraseFile: passphrase,
                writable: [statePath] + (onControlPlane ? Self.nodePaths(run.spec) : []),
                onControlPlane: onControlPlane, calendar: calendar))
    }

    /// Whether the state could be renewed from, now: better here than on the day when something is due.
    /// - Throws: `renewal/no-ca`, `state/passphrase-needed`, or why the passphrase does not open it.
    package func checkState(_ run: Run) throws {
        let inventory = try run.state.inventory()
        guard inventory.current != nil else {
            throw Renewal.noCA(run)
        }
        if let name = inventory.encryptedKeys.last, passphraseFile == nil {
            throw StateKeys.needed("\(run.state.path)/\(name)")
        }
        try run.checkPassphrase(inventory)
    }

    // MARK: - Parts

    /// The service has none of this environment.
    private var isStateInEnvironment: Bool {
        LocalHost.setting(StatePlace.variable) != nil
    }

    /// The node that this machine is, by the address that the spec reaches it at.
    private static func ownNode(_ spec: ClusterSpec) throws -> NodeSpec? {
        let (addresses, name) = (try LocalHost.addresses(), LocalHost.name())
        return ownNode(spec, addresses: addresses, hostName: name)
    }

    /// - Parameter addresses: this machine's, without loopback.
    static func ownNode(_ spec: ClusterSpec, addresses: Set<IPAddress>, hostName: String) -> NodeSpec? {
        let short = hostName.prefix { $0 != "." }
        return spec.nodes.first { node in
            guard let address = node.address else { return false }
            if let ip = IPAddress.parse(address) { return addresses.contains(ip) }
            return address == hostName || address == short
        }
    }

    private static func isControlPlane(_ node: NodeSpec) -> BootstrapError {
        BootstrapError(
            "schedule/control-plane",
            "this machine is the control plane \(node.name): the CA's key does not belong there",
            hint:
                "install the schedule on the operator's machine; if this is that machine, mark the node with "
                + "\"local\": true")
    }

    /// What a rotation changes on a control plane itself, besides what its units always may.
    private static func nodePaths(_ spec: ClusterSpec) -> [String] {
        let file = spec.apiServer.environmentFile.map { AtomicFileWriter.split($0.path).directory }
        return [spec.certificates.directory, "/etc/systemd/system"] + (file.map { [$0] } ?? [])
    }

    /// The service has a /tmp of its own.
    private static func checkPlace(_ path: String) throws {
        guard let place = ["/tmp/", "/var/tmp/"].first(where: path.hasPrefix) else { return }
        throw BootstrapError(
            "schedule/temporary",
            "\(path) is below \(place), which is emptied at reboot and which the service cannot see",
            hint: "move it to a permanent directory, then run it again")
    }

    private func checkCalendar() async throws {
        let result = try await CommandRunner.run(
            "systemd-analyze", ["calendar", "--", calendar], environment: ["SYSTEMD_COLORS": "0"])
        guard result.status != 0 else { return }
        throw BootstrapError(
            "usage/calendar", status: .usage, "systemd does not accept the time \(calendar) of --on-calendar",
            hint: "write it like daily, weekly or 'Mon..Fri 03:30', see systemd.time(7)",
            details: result.stderr.split(separator: "\n").map { Message(verbatim: String($0)) })
    }
}
