// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Spec
import Values

/// The control planes that `--ssh` names.
struct AdoptionTargets {
    let request: Adoption.Request

    init(_ request: Adoption.Request) { self.request = request }

    /// A spec that reaches them and says nothing else of them.
    func spec() throws -> ClusterSpec {
        let text = SpecDocument.minimal(cluster: "adopted", nodes: [NewNode(name: "cp1")])
        var spec = try ClusterSpec.parse(Array(text.utf8), fileName: "<new spec>")
        spec.apiServer.managedBy = .external
        spec.nodes =
            try request.destinations.isEmpty ? [NodeSpec(name: "localhost", local: true)] : nodes()
        return spec
    }

    private func nodes() throws -> [NodeSpec] {
        let config = try request.sshConfig.map { try $0.isAbsolutePath ? $0 : LocalHost.absolute($0) }
        var nodes: [NodeSpec] = []
        for destination in request.destinations {
            let parts = destination.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
            let (user, host) = (parts.count == 2 ? parts[0] : nil, parts[parts.count - 1])
            guard parts.count <= 2, SpecFormat.address.accepts(host),
                user.map(SpecFormat.userName.accepts) ?? true
            else {
                throw BootstrapError(
                    "usage/ssh-destination", status: .usage,
                    "--ssh: \(SpecText.quoted(destination)) is not USER@HOST",
                    hint: "write it like --ssh root@192.0.2.10; ports and keys go into ssh_config")
            }
            guard !nodes.contains(where: { $0.address == host }) else {
                throw BootstrapError(
                    "usage/ssh-destination", status: .usage, "--ssh names \(host) twice",
                    hint: "name each control plane once")
            }
            // Keys and files of root are read.
            let ssh = SSHSpec(user: user, sudo: user.map { $0 != "root" } ?? false, configFile: config)
            nodes.append(NodeSpec(name: host, address: host, ssh: ssh))
        }
        return nodes
    }
}
