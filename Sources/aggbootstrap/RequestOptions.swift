// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Where certificate requests go that people have signed.
struct RequestOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "With certificates.ca.external: the directory for requests (NAME.csr) and signed certificates (NAME.pem).",
            discussion: "Default: requests in the state directory.", valueName: "dir"),
        completion: .directory)
    var csrDir: String?
}
