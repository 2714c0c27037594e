// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import NodeAccess
@testable import Spec

/// A real sshd on loopback, with a key and a host key of its own, for the user who runs the tests.
final class LoopbackSSH: Sendable {
    let directory: TemporaryDirectory
    let port: Int
    private let server: SpawnedProcess

    /// - Parameter settings: more lines of sshd_config.
    init(settings: String = "") throws {
        directory = try TemporaryDirectory()
        port = Int.random(in: 20_000..<32_000)
        for name in ["id", "host", "other"] {
            let made = try run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", directory.file(name)])
            try #require(made.status == 0, "\(made.stderr)")
        }
        // sshd as root insists on this directory.
        if geteuid() == 0 { mkdir("/run/sshd", 0o755) }
        try directory.write(
            """
            Port \(port)
            ListenAddress 127.0.0.1
            HostKey \(directory.file("host"))
            AuthorizedKeysFile \(directory.file("id.pub"))
            PidFile none
            UsePAM no
            StrictModes no
            PermitRootLogin yes
            \(settings)
            """, to: "sshd_config")
        try directory.write(
            """
            Port \(port)
            IdentityFile \(directory.file("id"))
            IdentitiesOnly yes
            UserKnownHostsFile \(directory.file("known_hosts"))
            GlobalKnownHostsFile /dev/null
            """, to: "ssh_config")
        try directory.write(
            "[127.0.0.1]:\(port) \(try Self.publicKey("host", directory))\n", to: "known_hosts")
        server = try Self.start(directory)
        try awaitBanner()
    }

    deinit { server.kill() }

    /// Ends every session, as a node that goes away does; no other sshd's.
    func endSessions() throws {
        #expect(try run("pkill", ["-P", "\(server.processID ?? -1)"]).status == 0)
    }

    /// Not by Foundation's `Process`: it takes the end of its pipes, which sshd closes, for the end of the program.
    private static func start(_ directory: TemporaryDirectory) throws -> SpawnedProcess {
        let arguments = [try sshd(), "-D", "-e", "-f", directory.file("sshd_config")]
        guard geteuid() == 0, getpwnam("sshd") == nil else {
            return try SpawnedProcess(arguments[0], Array(arguments.dropFirst()))
        }
        // As root it wants a user of that name, which a machine without the package does not have: it sees one.
        let passwd = try String(contentsOfFile: "/etc/passwd", encoding: .utf8)
        let line = "sshd:x:65500:65534::/run/sshd:/usr/sbin/nologin\n"
        let file = try directory.write(passwd + line, to: "passwd")
        return try SpawnedProcess(
            "unshare",
            ["--mount", "sh", "-c", "mount --bind \(file) /etc/passwd && exec \"$@\"", "sh"] + arguments)
    }

    private func awaitBanner() throws {
        let line =
            "for i in $(seq 200); do exec 3<>/dev/tcp/127.0.0.1/\(port) && exit; sleep .05; done 2>/dev/null; exit 1"
        #expect(try run("bash", ["-c", line]).status == 0, "\(server.errorLines())")
    }

    /// The machine's own sshd, else the one that `make test` has unpacked: installing it would start it for everybody.
    private static func sshd() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "")/.cache"
        let places = ["/usr/sbin/sshd", "\(cache)/aggbootstrap-lab/openssh-server/usr/sbin/sshd"]
        let found = places.first { FileManager.default.isExecutableFile(atPath: $0) }
        return try #require(found, "there is no sshd: run scripts/need.sh test")
    }

    /// `TYPE BASE64` of one of the keys.
    func publicKey(_ name: String) throws -> String { try Self.publicKey(name, directory) }

    private static func publicKey(_ name: String, _ directory: TemporaryDirectory) throws -> String {
        let text = try String(contentsOfFile: directory.file("\(name).pub"), encoding: .utf8)
        return text.split(separator: " ").prefix(2).joined(separator: " ")
    }

    func destination(hostKey: String? = nil, user: String? = nil) throws -> SSHDestination {
        let ssh = SSHSpec(user: user, configFile: directory.file("ssh_config"), hostKey: hostKey)
        return try #require(SSHDestination(NodeSpec(name: "cp1", address: "127.0.0.1", ssh: ssh)))
    }

    func connect(hostKey: String? = nil, user: String? = nil) throws -> SSHTransport {
        let connection = try SSHConnection(
            try destination(hostKey: hostKey, user: user), runtime: SSHRuntime())
        return SSHTransport(connection, sha256: sha256)
    }
}

/// By the program that the node uses too, since this module's tests link no cryptographic library.
@Sendable func sha256(_ bytes: UnsafeRawBufferPointer) -> String? {
    guard let directory = try? TemporaryDirectory() else { return nil }
    let file = directory.file("bytes")
    guard FileManager.default.createFile(atPath: file, contents: Data(bytes)) else { return nil }
    return (try? run("sha256sum", [file]))?.stdout.split(separator: " ").first.map(String.init)
}
