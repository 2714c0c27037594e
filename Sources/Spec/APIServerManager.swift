// SPDX-License-Identifier: Apache-2.0

/// Who keeps the flags of kube-apiserver and restarts it.
package enum APIServerManager: String, Sendable, CaseIterable {
    /// systemd, whose unit aggbootstrap may edit and restart.
    case systemd
    /// Something else, such as kubelet (a static pod) or a snap: aggbootstrap edits no flags there and restarts nothing.
    case external
}
