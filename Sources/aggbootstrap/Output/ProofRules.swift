// SPDX-License-Identifier: Apache-2.0

/// What each proof shows, as docs/reference/proofs.md says it; the same in every run.
enum ProofRules {
    static let texts = [
        "files": "the three certificate files have the right modes and owners",
        "chain": "the certificate verifies under the CA file",
        "key": "the private key belongs to the certificate",
        "lifetime": "the certificate is valid now",
        "allowed-name": "the certificate has an allowed name",
        "ca-separation": "no key is shared with the client CA",
        "flags-file":
            "the drop-in, unit or environment file with the flags is there and has the spec's flags",
        "command-line": "the running process has exactly the wanted flags",
        "ready": "/readyz of the API server is 200",
        "hook": "/readyz lists the hook that exists only with a proxy client certificate",
        "ca-loaded": "the TLS handshake of the API server names the CA",
        "identity": "a request with the proxy client certificate gets the user in its header",
        "identity-refused": "a request with a certificate of another CA gets 401",
        "watches": "the process watches the present files, or reads them each minute",
        "proxy": "the API server asks extension API servers itself, without a proxy in between",
        "canary": "a request goes through the API server's aggregator and back, as its user",
        "presented-certificate": "the aggregator presents the certificate that is on the node",
    ]

    /// Of a note about the cluster.
    static let clusterRule = ReportedCheck.Rule(
        text: "what the cluster says besides its control planes",
        help: "docs/reference/commands.md says what each code means")

    static func rule(_ name: String) -> ReportedCheck.Rule {
        .init(
            text: texts[name] ?? name,
            help:
                "docs/reference/proofs.md says what each proof shows; docs/how-to/troubleshooting.md what to do if one fails"
        )
    }
}
