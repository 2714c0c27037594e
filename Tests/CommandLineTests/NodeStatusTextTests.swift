// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Operations
@testable import Planning
@testable import aggbootstrap

/// What `status` says of a node: values below, their words here, each of them once.
@Suite struct NodeStatusTextTests {
    @Test func whatDiffers() {
        let drift: [NodeStatus.Drift] = [
            .directory("/a"), .file("/b", .create), .file("/b", .replace), .file("/b", .setMetadata),
            .file("/b", .remove), .daemonReload, .restart(because: "its flags differ"), .openChange,
            .refused(code: "plan/routing", message: "as it says", hint: "do it"),
        ]
        #expect(
            drift.map { "\($0.text) [\($0.code)]" } == [
                "/a is missing [drift/directory]", "/b is missing [drift/file]", "/b differs [drift/file]",
                "/b has another mode or owner [drift/file]", "/b should not exist [drift/file]",
                "systemd has not read the unit's files again [drift/daemon-reload]",
                "kube-apiserver must be restarted: its flags differ [drift/restart]",
                "a change was interrupted [drift/open-change]", "as it says [plan/routing]",
            ])
        #expect(drift.compactMap(\.path) == ["/a", "/b", "/b", "/b", "/b"])
    }

    @Test func whyItIsNotKnown() {
        #expect(
            NodeStatus.Blindness.allCases.map(\.text) == [
                "the node could not be read", "it is offline", "its API server is not running",
                "its TLS handshake could not be read", "its CA file holds no certificate",
            ])
    }
}
