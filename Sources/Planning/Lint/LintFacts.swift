// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Everything that was read of one set-up: a node's tree, or files that belong together.
package struct LintFacts: Sendable {
    /// nil where one set-up alone is judged.
    package var node: String?
    /// Whether it is a tree as a node has it: what is not in it is missing, and modes count.
    package var isWhole: Bool
    /// A node's path as the user of the program can open it.
    package var display: @Sendable (String) -> String
    package var now: UnixTime
    /// Certificates that end within this time are told; seconds.
    package var warnSeconds: Int64
    /// nil where nobody says.
    package var version: KubernetesVersion?

    /// The unit that runs kube-apiserver.
    package var unit: JudgedUnit?
    /// Why it could not be read, in the words of the error, with its hint.
    package var unitProblem: (code: String, message: Message, hint: Message)?
    /// Manifests of static pods that seem to run kube-apiserver, and that are not judged.
    package var staticPods: [String] = []
    /// Units that run kube-proxy.
    package var kubeProxies: [JudgedUnit] = []
    /// Whether something on the node runs kube-proxy, or may; nil where a tree is too small to tell.
    package var runsKubeProxy: Bool?

    package var ca = LintFile(path: "", kind: .absent, content: .absent)
    package var certificate = LintFile(path: "", kind: .absent, content: .absent)
    package var key = LintFile(path: "", kind: .absent, content: .absent)
    package var clientCA: LintFile?
    /// Whether a file is there that another flag names, so that the tree is more than what `init --root` writes.
    package var hasOtherFiles = false
    /// Whether systemd has anything in the tree, be it an empty directory.
    package var hasSystemd = false
    /// Keys that lie beside the CA's file under its name, as kubeadm has them.
    package var caKeys: [LintFile] = []
    /// Files that make up the unit, and directories that hold any file of the set-up.
    package var others: [LintFile] = []
    package var directories: [LintFile] = []
    /// Users who may own what kube-apiserver trusts; nil where that is not judged.
    package var trustedOwners: Set<UInt32>?
    /// Fingerprints of those CAs of the file that have signed the proxy client certificate.
    package var issuers: Set<String> = []
    /// What is wrong with its chain, whatever the time is: the error's code and cause; nil where nothing is.
    package var chainProblem: (code: String, cause: Message)?

    package init(
        node: String?, isWhole: Bool, now: UnixTime, warnSeconds: Int64, version: KubernetesVersion?,
        display: @escaping @Sendable (String) -> String
    ) {
        self.node = node
        self.isWhole = isWhole
        self.now = now
        self.warnSeconds = warnSeconds
        self.version = version
        self.display = display
    }
}
