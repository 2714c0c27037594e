// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import Spec
import Synchronization
import Values

/// What ssh's own words mean.
enum SSHFailure {
    static func error(
        _ lines: [String], _ failure: SocketStream.Failure, _ destination: SSHDestination
    ) -> NodeError {
        let text = lines.joined(separator: "\n")
        let (code, hint) = meaning(text, destination)
        var underlying = Message(verbatim: lines.last ?? "")
        if let line = lines.last(where: { $0.contains("Permission denied") || $0.contains("sudo:") }) {
            underlying = Message(verbatim: line)
        }
        if underlying.isEmpty {
            underlying =
                switch failure {
                case .stopped: "stopped as asked"
                case .timedOut: "no answer in time"
                case .closed(let why): "ssh ended without a message: \(why)"
                }
        }
        // The name of a node that has none but its address is said in front of this already.
        let isNamed = destination.name != destination.address
        return NodeError(
            code, operation: isNamed ? "connect to" : "connect",
            subject: isNamed ? "\(destination.name) (\(destination.address))" : "over ssh",
            underlying: underlying, hint: hint)
    }

    private static func meaning(_ text: String, _ destination: SSHDestination) -> (NodeError.Code, Message) {
        let login = destination.ssh.user.map { "\($0)@\(destination.address)" } ?? destination.address
        let ssh = "ssh\(destination.ssh.configFile.map { " -F \(quoted($0))" } ?? "")"
        if text.contains("Host key verification failed") || text.contains("host key is known")
            || text.contains("HOST IDENTIFICATION HAS CHANGED") || text.contains("no matching host key type")
        {
            if text.contains("HAS CHANGED"), destination.ssh.hostKey == nil {
                return (
                    .hostKey,
                    "its key is another one than in known_hosts: another machine may answer. If the machine was replaced, remove the old "
                        + "key with ssh-keygen -R \(destination.address), and add the new one"
                )
            }
            return (
                .hostKey,
                destination.ssh.hostKey == nil
                    ? "ssh-keyscan \(destination.address) shows its keys: compare one with /etc/ssh/ssh_host_*_key.pub on the node, then add that line to known_hosts, or pin the key in ssh.hostKey"
                    : "it differs from ssh.hostKey in the spec: another machine answers, or its key was replaced"
            )
        }
        if text.contains("sudo:") {
            return (.login, "let the user run sh and systemd-stdio-bridge through sudo without a password")
        }
        if text.contains("Permission denied") || text.contains("Too many authentication failures") {
            return (
                .login,
                "make `\(ssh) -o BatchMode=yes \(login) true` work: aggbootstrap cannot ask for a password"
            )
        }
        if text.contains("systemd-stdio-bridge") {
            return (.login, "install systemd 221 or newer on the node")
        }
        return (.unreachable, "check the address in the spec; `\(ssh) -v \(login) true` shows what happens")
    }

    /// As a shell takes it.
    private static func quoted(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy { byte in
            byte >= 0x80 || "/._-+:@%,=".utf8.contains(byte)
                || (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
                || (0x61...0x7a).contains(byte)
        }
        return isPlain ? path : "'\(path.replacing("'", with: "'\\''"))'"
    }
}
