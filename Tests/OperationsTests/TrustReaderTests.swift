// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import ControlPlane
@testable import NodeAccess
import Values

/// From a command line to who reads the CA's file, and where it listens.
@Suite struct TrustReaderTests {
    private static let file = "/etc/kubernetes/ssl/aggregator-ca.pem"
    private static let flag = "--requestheader-client-ca-file=\(file)"

    private func reader(
        _ arguments: [String], executable: String? = nil, isInNodeNetwork: Bool = true
    ) -> TrustReader? {
        TrustReader(
            .init(
                pid: 12, arguments: arguments, executable: executable, isInNodeNetwork: isInNodeNetwork),
            reading: Self.file)
    }

    private func why(_ reader: TrustReader?) -> Message? {
        guard case .unseen(let why)? = reader?.place else { return nil }
        return why
    }

    @Test(arguments: [
        (["/usr/bin/kube-scheduler"], "kube-scheduler", "127.0.0.1", 10259),
        (["kube-controller-manager"], "kube-controller-manager", "127.0.0.1", 10257),
        (["cloud-controller-manager"], "cloud-controller-manager", "127.0.0.1", 10258),
        (["kube-apiserver"], "kube-apiserver", "127.0.0.1", 6443),
        (["/opt/kube-scheduler-v1.20.2"], "kube-scheduler", "127.0.0.1", 10259),
        (["/hyperkube", "kube-scheduler"], "kube-scheduler", "127.0.0.1", 10259),
        // The last one wins, `_` is `-`, a value may be an argument of its own.
        (
            ["kube-scheduler", "--secure_port", "1", "--secure-port=2", "--secure-port", "3"],
            "kube-scheduler", "127.0.0.1", 3
        ),
        (["kube-scheduler", "--bind-address=0.0.0.0"], "kube-scheduler", "127.0.0.1", 10259),
        (["kube-scheduler", "--bind-address", "0:0::0"], "kube-scheduler", "127.0.0.1", 10259),
        (["kube-scheduler", "--bind-address="], "kube-scheduler", "127.0.0.1", 10259),
        (["kube-scheduler", "--bind_address=10.0.0.7"], "kube-scheduler", "10.0.0.7", 10259),
        (["kube-scheduler", "--bind-address=::1"], "kube-scheduler", "::1", 10259),
        // Not a component of Kubernetes, but one that says where it serves.
        (["/srv/own-manager", "-v", "2", "--secure-port=8443"], "own-manager", "127.0.0.1", 8443),
    ])
    func whereItListens(command: [String], program: String, address: String, port: Int) throws {
        let found = try #require(reader(command + [Self.flag]))
        #expect(found.program == program && found.pid == 12)
        #expect(found.place == .listens(address: address, port: port))
    }

    /// A link has its own name, or leads to the program that says more.
    @Test func aLink() {
        for executable in ["/opt/kube-scheduler", "/opt/kube-scheduler (deleted)"] {
            let link = reader(["/usr/bin/sched", Self.flag], executable: executable)
            #expect(link?.place == .listens(address: "127.0.0.1", port: 10259))
        }
        let all = reader(["kube-scheduler", Self.flag], executable: "/opt/hyperkube")
        #expect(all?.place == .listens(address: "127.0.0.1", port: 10259))
    }

    /// The file as pflag takes it: the last one, by any spelling of its path.
    @Test(arguments: [
        (["--requestheader_client_ca_file", file], true),
        (["--requestheader-client-ca-file=/other.pem", flag], true),
        (["--requestheader-client-ca-file=/etc//kubernetes/./ssl/aggregator-ca.pem"], true),
        ([flag, "--requestheader-client-ca-file=/other.pem"], false),
        (["--requestheader-client-ca-file=\(file).old"], false),
        (["--requestheader-client-ca-file=etc/kubernetes/ssl/aggregator-ca.pem"], false),
    ])
    func whichFile(flags: [String], isOurs: Bool) throws {
        let found = try #require(reader(["kube-scheduler"] + flags))
        #expect((why(found)?.contains("not the file that changes") != true) == isOurs)
        // The file of a container that is not the node's is nobody's concern.
        let elsewhere = reader(["kube-scheduler"] + flags, isInNodeNetwork: false)
        #expect((elsewhere != nil) == isOurs)
        if isOurs { #expect(why(elsewhere)?.contains("network") == true) }
    }

    @Test(arguments: [
        [], ["kube-scheduler"], ["kube-scheduler", "--", flag],
        [flag], ["kube-scheduler", flag, "--requestheader-client-ca-file="],
        ["kube-scheduler", "--client-ca-file=\(file)"],
        // What starts another program is not that program.
        ["/bin/sh", "-c", "kube-scheduler \(flag)"], ["sh", "-c", "kube-scheduler \"$@\"", "sh", flag],
        ["/bin/sh", "/usr/bin/kube-scheduler", flag], ["timeout", "10", "kube-scheduler", flag],
        ["tini", "--", "kube-scheduler", flag], ["sudo", "kube-scheduler", flag],
    ])
    func nobody(arguments: [String]) {
        #expect(reader(arguments, executable: "/usr/bin/dash") == nil)
    }

    @Test(arguments: [
        (["kube-scheduler", "--secure-port=0"], "does not listen"),
        (["kube-scheduler", "--secure-port=10259", "--secure_port", "0"], "does not listen"),
        (["kube-scheduler", "--secure-port=http"], "--secure-port is http"),
        (["kube-scheduler", "--secure-port=70000"], "--secure-port is 70000"),
        (["own-manager"], "no --secure-port"),
        (["kube-scheduler-simulator"], "no --secure-port"),
    ])
    func whereNothingCanBeAsked(command: [String], reason: String) throws {
        let found = try #require(reader(command + [Self.flag]))
        #expect(why(found)?.contains(reason) == true)
    }

    /// A real process, as /proc shows it, with arguments that a shell or a line would split; who looks is not among those
    /// that are found.
    @Test func processesOfThisMachine() async throws {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/bin/sh")
        let text = "echo; read line"
        child.arguments = [
            "-c", text, "two\nlines and 'a quote", "--requestheader_client-ca-file", "/ö ca.pem", "",
        ]
        let (input, output) = (Pipe(), Pipe())
        (child.standardInput, child.standardOutput) = (input, output)
        try child.run()
        defer {
            // Its read ends with that; it may have been started with SIGTERM blocked.
            try? input.fileHandleForWriting.close()
            child.waitUntilExit()
        }
        // From then on it is the shell, and no longer what started it.
        _ = output.fileHandleForReading.availableData
        let found = try LocalTransport().processes(mentioning: ["requestheader"])
        let own = try #require(found.first { $0.pid == Int(child.processIdentifier) })
        #expect(own.arguments == ["/bin/sh", "-c", text] + (child.arguments ?? []).dropFirst(2))
        #expect(own.isInNodeNetwork)
        let shell = URL(fileURLWithPath: "/bin/sh").resolvingSymlinksInPath().lastPathComponent
        #expect(own.executable?.hasSuffix("/\(shell)") == true)
    }
}
