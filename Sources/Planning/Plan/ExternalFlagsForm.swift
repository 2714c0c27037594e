// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// How flags are given to a kube-apiserver that something else than systemd runs, in that one's own form.
struct ExternalFlagsForm {
    let manager: ExternalServer.Manager

    /// Where flags are added, as an instruction.
    var place: Message {
        switch manager {
        case .staticPod(let manifest): "add these flags to its static pod (\(manifest))"
        case .rke2:
            "add these flags to kube-apiserver-arg in /etc/rancher/rke2/config.yaml and restart rke2-server"
        case .microK8s(let file): "add these lines to \(file) and run snap restart microk8s.daemon-kubelite"
        case .unknown: "add these flags where it is started"
        }
    }

    /// Where flags are changed, as an instruction.
    var changing: Message {
        switch manager {
        case .staticPod(let manifest): "change the flags in \(manifest)"
        case .rke2: "change kube-apiserver-arg in /etc/rancher/rke2/config.yaml and restart rke2-server"
        case .microK8s(let file): "change them in \(file) and run snap restart microk8s.daemon-kubelite"
        case .unknown: "change the flags where it is started"
        }
    }

    /// - Parameter flags: `--name=value` each.
    func lines(adding flags: [String]) -> [Message] {
        switch manager {
        case .staticPod:
            // https://kubernetes.io/docs/reference/setup-tools/kubeadm/implementation-details/: the manifest's command.
            return ["elements of spec.containers[0].command:"] + flags.map { "  \(quoted($0))," }
                + [
                    "and if kubeadm made it, so that an upgrade keeps them, in its ClusterConfiguration (v1beta4):"
                ]
                + [
                    "  \"apiServer\": { \"extraArgs\": [" + flags.map(extraArgument).joined(separator: ", ")
                        + "] }"
                ]
        case .rke2: return ["kube-apiserver-arg:"] + flags.map { "  - \(quoted(String($0.dropFirst(2))))" }
        case .microK8s, .unknown: return flags.map { "  \($0)" }
        }
    }

    private func extraArgument(_ flag: String) -> String {
        let name = EffectiveFlags.name(of: flag) ?? ""
        let value = flag.utf8.firstIndex(of: UInt8(ascii: "=")).map {
            String(flag[flag.utf8.index(after: $0)...])
        }
        return "{ \"name\": \(quoted(name)), \"value\": \(quoted(value ?? "true")) }"
    }

    /// A JSON string, which YAML reads too.
    private func quoted(_ text: String) -> String { SpecDocument.json(text) }
}
