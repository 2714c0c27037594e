// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// A running kube-apiserver whose flags something else than systemd keeps.
package struct ExternalServer: Sendable, Equatable {
    /// What keeps its flags, as far as files on the node tell.
    package enum Manager: Sendable, Equatable {
        /// kubelet, from this manifest (kubeadm, kubespray, Cluster API).
        case staticPod(manifest: String)
        case rke2
        /// A snap: the file with its arguments.
        case microK8s(argumentsFile: String)
        case unknown
    }

    /// A path that does not lead the process to the node's file.
    package struct HiddenFile: Sendable, Equatable {
        package enum Reason: Sendable, Equatable {
            /// The process has no such directory: it is not mounted.
            case notMounted
            /// The process sees another file there than the node has.
            case otherFile
            /// The file itself is mounted, and not its directory: the process keeps the old file when it is replaced.
            case mountedAlone
        }

        package var path: String
        package var reason: Reason

        package init(path: String, reason: Reason) {
            self.path = path
            self.reason = reason
        }
    }

    package var manager: Manager
    /// Those of the spec's files that the process does not see as the node has them.
    package var hiddenFiles: [HiddenFile]

    package init(manager: Manager, hiddenFiles: [HiddenFile] = []) {
        self.manager = manager
        self.hiddenFiles = hiddenFiles
    }
}
