// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ControlPlane
import LocalFiles
import Operations
import Planning
import Spec
import Values

struct SpecAdoptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt",
        abstract: "Write the spec of a cluster that exists, from its running control planes.",
        discussion: """
            It finds kube-apiserver on each control plane, whatever runs it, and reads its flags and the certificates \
            that they name. It changes nothing there. What the spec cannot keep, what init would refuse or change and what \
            could be better is told on standard error. Name all control planes of the cluster, or none: then it is this machine.

            With --ca-key, the CA that the control planes trust goes on: its certificate and key are stored in the state \
            directory, after the key was compared with the certificate. Without it, init refuses to replace that CA, and \
            rotate --ca replaces it.

            Examples:
              aggbootstrap spec adopt --ssh root@192.0.2.1 --ssh root@192.0.2.2 --output cluster.json
              aggbootstrap spec adopt --cluster shanghai --ca-key /etc/kubernetes/pki/front-proxy-ca.key
            """)

    @Option(
        help: ArgumentHelp(
            "A control plane; repeatable. With another user than root, sudo is used there. Default: this machine.",
            valueName: "user@host"))
    var ssh: [String] = []

    @Option(
        help: ArgumentHelp("The file that ssh reads instead of the user's ssh_config.", valueName: "file"),
        completion: .file())
    var sshConfig: String?

    @Option(
        help: ArgumentHelp(
            "The cluster's name. Default: that of the state directory, or \"kubernetes\".", valueName: "name")
    )
    var cluster: String?

    @Option(
        help: ArgumentHelp(
            "An administrator's kubeconfig on this machine, for the spec: rotations need one.",
            valueName: "file"),
        completion: .file())
    var kubeconfig: String?

    @Option(
        help: ArgumentHelp(
            "The private key of the CA that the control planes trust, on this machine: the CA goes into the state directory.",
            valueName: "file"), completion: .file())
    var caKey: String?

    @Option(
        help: ArgumentHelp(
            "The state directory, for the spec and for --ca-key.",
            discussion: "Default: /var/lib/aggbootstrap/<cluster> as root, else below $XDG_STATE_HOME.",
            valueName: "dir"), completion: .directory)
    var state: String?

    @OptionGroup var passphrase: PassphraseOptions

    @Option(
        help: ArgumentHelp("A file that does not exist yet. Default: standard output.", valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(name: .shortAndLong, help: "Print only the spec and errors, no notes.")
    var quiet = false

    func validate() throws {
        let texts = [
            ("--ssh-config", sshConfig), ("--kubeconfig", kubeconfig), ("--ca-key", caKey),
            ("--state", state),
            ("--output", output),
        ]
        for (option, text) in texts where text == "" {
            throw UsageError.validation("\(option) is given an empty path")
        }
        if let cluster, let complaint = ClusterSpec.complaint(aboutClusterName: cluster) {
            throw UsageError.validation("--cluster: \(complaint)")
        }
    }

    func run() async throws {
        try await Console.run {
            Console.harden()
            // Nothing is read for a file that cannot be written.
            if let output { try SpecLoader.checkFree(output) }
            let adoption = try await Adoption(
                .init(
                    destinations: ssh, sshConfig: sshConfig, cluster: cluster, kubeconfig: kubeconfig,
                    state: state, caKey: caKey, passphrase: try passphrase.read()),
                effects: .real { _ in })
            if let output {
                try SpecLoader.create(output, adoption.text)
                _ = NextCommand.about(RunRequest(specFile: output, state: state))
            }
            if !quiet { Console.notes(AdoptionText.lines(adoption)) }
            guard let output else {
                Console.document(adoption.text)
                return .done
            }
            Console.print(["wrote \(output); next: \(AdoptionText(adoption.notes).next)"])
            return .done
        }
    }
}
