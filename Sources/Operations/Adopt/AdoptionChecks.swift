// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Planning
import Spec
import Values

extension Adoption.Request {
    /// Before anything is read: that the files which options name are there.
    func checkFiles() throws {
        for (option, file) in [("--kubeconfig", kubeconfig), ("--ssh-config", sshConfig)] {
            guard let file else { continue }
            let whole = try file.isAbsolutePath ? file : LocalHost.absolute(file)
            let kind = try FileStatus.of(NodeRoot.machine.follow(whole))?.kind
            guard kind != .directory, let kind, kind != .symbolicLink else {
                throw BootstrapError(
                    "usage/no-such-file", status: .usage,
                    "\(option): \(file) \(kind == .directory ? "is a directory" : "does not exist")",
                    hint: option == "--kubeconfig"
                        ? "name an administrator's kubeconfig on this machine, or leave it out and add apiServer.kubeconfig to the "
                            + "spec later"
                        : "name a file that ssh -F reads, or leave it out")
            }
        }
        if let caKey { try CATakeover.check(caKey) }
    }
}

/// What control planes must have in common to be described by one spec.
enum AdoptionChecks {
    static func check(_ servers: [AdoptedServer]) throws {
        try checkMachines(servers)
        try checkManagers(servers)
    }

    /// By an alias and by an address, say.
    private static func checkMachines(_ servers: [AdoptedServer]) throws {
        for (index, server) in servers.enumerated() {
            guard let process = server.process,
                let other = servers[..<index].first(where: { $0.process == process })
            else { continue }
            let names = [other, server].map { $0.node.address ?? $0.node.name }
            throw BootstrapError(
                "adopt/same-machine", status: .usage,
                "--ssh names one machine twice: \(names[0]) and \(names[1]) are both \(server.node.name), with the same "
                    + "kube-apiserver",
                hint: "name each control plane once")
        }
    }

    /// One spec has one manager, and one unit.
    private static func checkManagers(_ servers: [AdoptedServer]) throws {
        guard let first = servers.first,
            let other = servers.first(where: { $0.service != first.service })
        else { return }
        func words(_ server: AdoptedServer) -> Message {
            "\(server.node.name) (\(server.service.map { "the unit \($0)" } ?? "no systemd unit"))"
        }
        let isUnit = first.service != nil && other.service != nil
        throw BootstrapError(
            isUnit ? "adopt/several-units" : "adopt/several-managers",
            "kube-apiserver is run differently on \(words(first)) and on \(words(other)), and a spec has one "
                + (isUnit ? "apiServer.unit" : "apiServer.managedBy"),
            hint: isUnit
                ? "give the unit the same name on all control planes, then adopt them together"
                : "let the same thing run it on all control planes, then adopt them together")
    }
}
