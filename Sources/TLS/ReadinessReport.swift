// SPDX-License-Identifier: Apache-2.0

import Values

/// What a server says of itself at `/readyz?verbose`.
package struct ReadinessReport: Sendable, Equatable {
    package struct Check: Sendable, Equatable {
        package let name: String
        package let isOK: Bool
    }

    /// HTTP status: 200 ready, 500 not ready; 401 and 403 say nothing about readiness.
    package let status: Int
    /// In the server's order; empty where the status is neither 200 nor 500.
    package let checks: [Check]

    package var isReady: Bool { status == 200 }

    package var failedChecks: [String] { checks.filter { !$0.isOK }.map(\.name) }

    /// The server runs with both proxy-client flags; nil where it did not list its checks.
    package var hasProxyClientHook: Bool? {
        checks.isEmpty ? nil : checks.contains { $0.name == Self.proxyClientHook }
    }

    /// The check that is there exactly when both proxy-client flags are set.
    package static let proxyClientHook = "poststarthook/aggregator-reload-proxy-client-cert"

    /// Lines of the form `[+]NAME ok` and `[-]NAME failed: reason withheld`; others are passed over.
    package init(status: Int, text: String) {
        self.status = status
        guard status == 200 || status == 500 else {
            checks = []
            return
        }
        checks = text.split(whereSeparator: \.isNewline).compactMap { line in
            guard line.hasPrefix("[+]") || line.hasPrefix("[-]") else { return nil }
            let name = line.dropFirst(3).prefix { $0 != " " }
            return name.isEmpty ? nil : Check(name: String(name), isOK: line.hasPrefix("[+]"))
        }
    }
}
