// SPDX-License-Identifier: Apache-2.0

import TLS
import Foundation
import TestSupport
import Values

/// A real kube-apiserver on this machine's loopback, with an etcd of its own beside it.
final class KubeAPIServer {
    private let directory: TemporaryDirectory
    private var programs: [Process] = []
    let endpoint: APIServerEndpoint
    let trust: ServerTrust

    /// The binary to test against: `AGGBOOTSTRAP_KUBE_APISERVER`; etcd is looked up on the PATH.
    static var binary: String? { ProcessInfo.processInfo.environment["AGGBOOTSTRAP_KUBE_APISERVER"] }

    /// Starts both; `waitUntilAnswering` is the caller's.
    init(_ binary: String, flags: [String]) throws {
        let pki = try TestPKI.shared.get()
        directory = try TemporaryDirectory()
        endpoint = APIServerEndpoint(address: "127.0.0.1", port: try Self.freePort())
        trust = .ca(pem: try pki.bytes("ca.pem"))
        let key = directory.file("sa.pem")
        _ = try run("openssl", ["genrsa", "-out", key, "2048"])
        let client = "http://127.0.0.1:\(try Self.freePort())"
        let peer = "http://127.0.0.1:\(try Self.freePort())"
        try start([
            "/usr/bin/env", "etcd", "--data-dir", directory.file("etcd"), "--listen-client-urls", client,
            "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls",
            peer,
            "--initial-cluster", "default=\(peer)",
        ])
        try start(
            [
                binary, "--etcd-servers=\(client)", "--bind-address=127.0.0.1",
                "--secure-port=\(endpoint.port)",
                "--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.254.0.0/16",
                "--client-ca-file=\(pki.file("client-ca.pem"))", "--tls-cert-file=\(pki.file("server.pem"))",
                "--tls-private-key-file=\(pki.file("server-key.pem"))", "--service-account-key-file=\(key)",
                "--service-account-signing-key-file=\(key)",
                "--service-account-issuer=https://kubernetes.default.svc", "--cert-dir=\(directory.path)",
            ] + flags)
    }

    // A child of the test runner has SIGTERM blocked, so nothing less ends it.
    deinit { for program in programs { kill(program.processIdentifier, SIGKILL) } }

    /// Asks for readiness until the server has a definite answer (ready, or not for this caller).
    func waitUntilAnswering(as caller: Caller = .anonymous) throws -> ReadinessReport {
        let deadline = ContinuousClock.now + .seconds(90)
        while true {
            do throws(APIServerError) {
                let report = try ReadinessProbe.readyz(endpoint, trust: trust, as: caller)
                // Until its caches are filled it refuses everybody.
                if report.isReady || ContinuousClock.now > deadline { return report }
            } catch {
                if ContinuousClock.now > deadline { throw error }
            }
            usleep(50_000)
        }
    }

    private func start(_ command: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        programs.append(process)
    }

    private static func freePort() throws -> Int {
        let printed = try run(
            "/usr/bin/python3",
            ["-c", "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1])"])
        return Int(printed.stdout.dropLast()) ?? 0
    }
}
