// SPDX-License-Identifier: Apache-2.0

import NodeAccess
import Spec
import SystemdUnits
import Values

/// A process of a control plane that reads the requestheader CA's file as kube-apiserver does, as its command line says.
struct TrustReader: Sendable, Equatable {
    /// Where it can be asked which CAs it has loaded.
    enum Place: Sendable, Equatable {
        case listens(address: String, port: Int)
        case unseen(why: Message)
    }

    let program: String
    let pid: Int
    let place: Place

    /// Components of Kubernetes that serve, and their ports where no `--secure-port` is given.
    private static let ports = [
        "kube-apiserver": 6443, "kube-controller-manager": 10257, "cloud-controller-manager": 10258,
        "kube-scheduler": 10259,
    ]
    private static let loopback = "127.0.0.1"

    /// Who a process is, and where it listens.
    /// - Parameter file: the requestheader CA's file of the node.
    /// - Returns: nil for one that has nothing to do with that file: no such flag, a program that only starts another
    ///   one, or a container with a file of its own.
    init?(_ process: NodeProcess, reading file: String) {
        guard let command = Command(process) else { return nil }
        let flags = EffectiveFlags.parse(arguments: command.flags)
        guard let path = flags.string("requestheader-client-ca-file"), !path.isEmpty else { return nil }
        let isSame = Self.components(path) == Self.components(file)
        guard isSame || process.isInNodeNetwork else { return nil }
        // Of a program that is not known, what follows the flags may be another one's command line.
        guard command.isKnown || Self.isFlagsAlone(command.flags, flags) else { return nil }
        program = command.name
        pid = process.pid
        place =
            isSame
            ? Self.place(flags, Self.ports[command.name], process)
            : .unseen(why: "it reads \(path), which is not the file that changes")
    }

    private static func place(_ flags: EffectiveFlags, _ usual: Int?, _ process: NodeProcess) -> Place {
        guard process.isInNodeNetwork else { return .unseen(why: "its network is not that of the node") }
        let given = flags.string("secure-port")
        guard let port = given.map({ Int($0) }) ?? usual else {
            return .unseen(
                why: given.map { "its --secure-port is \($0)" } ?? "it has no --secure-port")
        }
        if port == 0 { return .unseen(why: "it does not listen (--secure-port=0)") }
        guard 1...65535 ~= port else { return .unseen(why: "its --secure-port is \(port)") }
        let bound = flags.string("bind-address") ?? ""
        let isAnywhere = bound.isEmpty || IPAddress.parse(bound)?.isUnspecified == true
        return .listens(address: isAnywhere ? loopback : bound, port: port)
    }

    /// Whether nothing but flags and their values is there.
    private static func isFlagsAlone(_ arguments: [String], _ flags: EffectiveFlags) -> Bool {
        guard flags.terminator == nil else { return false }
        let used = flags.occurrences.flatMap(\.arguments)
        return Set(arguments.indices).subtracting(used).allSatisfy { index in
            // `-v 2`
            arguments[index].utf8.first == UInt8(ascii: "-") || Int(arguments[index]) != nil
        }
    }

    /// A path's parts, whatever stands between them; `..` is left alone, since a link may be before it.
    private static func components(_ path: String) -> [String] {
        (path.utf8.first == UInt8(ascii: "/") ? ["/"] : [])
            + path.pathComponents.filter { $0 != "." }
    }

    /// The program that a command line runs.
    private struct Command {
        var name: String
        var flags: [String]
        var isKnown = true

        init?(_ process: NodeProcess) {
            guard let first = process.arguments.first else { return nil }
            flags = Array(process.arguments.dropFirst())
            let given = Self.lastComponent(first)
            // An update may have replaced it since.
            let executable = process.executable.map {
                Self.lastComponent($0.hasSuffix(" (deleted)") ? String($0.dropLast(10)) : $0)
            }
            if let known = Self.known(given) {
                name = known
            } else if [given, executable].contains("hyperkube"), let known = flags.first.flatMap(Self.known) {
                name = known
                flags.removeFirst()
            } else if let known = executable.flatMap(Self.known) {
                name = known
            } else {
                (name, isKnown) = (given, false)
            }
        }

        /// The component that a file of this name is, also with a version behind it: `kube-scheduler-v1.20.2`.
        private static func known(_ name: String) -> String? {
            ports.keys.first { component in
                guard name.hasPrefix(component) else { return false }
                var rest = name.dropFirst(component.count)
                guard let separator = rest.popFirst() else { return true }
                if rest.first == "v" { rest = rest.dropFirst() }
                return "-_.".contains(separator) && rest.first.map { ("0"..."9").contains($0) } == true
            }
        }

        private static func lastComponent(_ path: String) -> String {
            path.pathComponents.last ?? path
        }
    }
}

extension TrustReader: MessageConvertible {
    /// `kube-scheduler (process 12, 127.0.0.1:10259)`.
    var message: Message {
        guard case .listens(let address, let port) = place else { return "\(program) (process \(pid))" }
        let host = address.contains(":") ? "[\(address)]" : address
        return "\(program) (process \(pid), \(host):\(port))"
    }
}
