// SPDX-License-Identifier: Apache-2.0

import Spec

/// The flags that turn on the aggregation layer of a kube-apiserver.
///
/// Source: Kubernetes, "Configure the Aggregation Layer".
package struct APIServerFlags: Sendable, Equatable {
    /// `--name=value` each, in a fixed order; `--enable-aggregator-routing` only where it is true, its default
    /// being false.
    package let arguments: [String]

    /// The variable that a unit may use for these flags.
    package static let variable = "AGGREGATION_FLAGS"

    package static let routingName = "enable-aggregator-routing"

    /// The flags that are replaced and never doubled, in the order in which they are written.
    ///
    /// `requestheader-uid-headers` is not among them: no spec sets it and old API servers do not know it, so
    /// one that is there stays as it is. So does `aggregator-reject-forwarding-redirect` (CVE-2022-3172).
    package static let names = [
        "requestheader-client-ca-file", "requestheader-allowed-names", "requestheader-extra-headers-prefix",
        "requestheader-group-headers", "requestheader-username-headers", "proxy-client-cert-file",
        "proxy-client-key-file", routingName,
    ]

    /// No flag at all: what a unit has without the layer.
    package static let none = APIServerFlags(arguments: [])

    private init(arguments: [String]) { self.arguments = arguments }

    package init(spec: ClusterSpec) {
        let files = spec.certificates.files
        func path(_ name: String) -> String { spec.certificates.directory + "/" + name }
        let header = spec.requestHeader
        var arguments = [
            "--requestheader-client-ca-file=" + path(files.ca),
            "--requestheader-allowed-names=" + CommaSeparatedValues.join(header.allowedNames),
            "--requestheader-extra-headers-prefix=" + CommaSeparatedValues.join(header.extraHeadersPrefix),
            "--requestheader-group-headers=" + CommaSeparatedValues.join(header.groupHeaders),
            "--requestheader-username-headers=" + CommaSeparatedValues.join(header.usernameHeaders),
            "--proxy-client-cert-file=" + path(files.certificate),
            "--proxy-client-key-file=" + path(files.key),
        ]
        if spec.apiServer.aggregatorRouting { arguments.append("--\(Self.routingName)=true") }
        self.arguments = arguments
    }
}
