// SPDX-License-Identifier: Apache-2.0

import Values

/// Whether a control plane serves, as far as the others must know before one of them is restarted.
package enum ControlPlaneHealth: Sendable, Equatable {
    case serving
    /// Why it is taken for one that does not serve.
    case unhealthy(Message)
}

extension ControlPlaneHealth {
    /// - Parameters:
    ///   - state: the unit's state in systemd's words, for example `active/running`; nil where no unit runs it.
    ///   - readiness: nil where the API server was not asked.
    package init(
        activity: LiveUnit.Activity, state: String?, readiness: ObservedAPIServer.Readiness?
    ) {
        self =
            switch (activity, readiness) {
            case (.stopped, _), (.failing, _):
                .unhealthy(state.map { "its unit is \($0)" } ?? "kube-apiserver is not running")
            case (.running, .ready?), (.running, .hidden?): .serving
            case (.running, .notReady(let checks)?):
                .unhealthy("it is not ready: \(list: checks)")
            case (.running, .unseen(let why)?): .unhealthy(why)
            case (.running, nil): .unhealthy("its API server was not asked")
            }
    }
}
