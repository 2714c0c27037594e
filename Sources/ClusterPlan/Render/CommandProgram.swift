// SPDX-License-Identifier: Apache-2.0

/// Which program a command line runs, and which of its arguments are that program's own.
package struct CommandProgram: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// kube-apiserver, perhaps behind programs such as `env` or `nice` that pass arguments on.
        case apiServer
        /// A container that this command makes, with this program: the arguments behind the image are kube-apiserver's.
        case container(String)
        /// A container that was made before, with the arguments of then.
        case startedContainer(String)
        /// A distribution that has kube-apiserver within: k3s or rke2.
        case distribution(String)
        /// Anything else.
        case other
    }

    package let kind: Kind
    /// How many of the command line's words come before kube-apiserver's own arguments.
    package let ownStart: Int

    private static let containers: Set<String> = [
        "docker", "podman", "nerdctl", "rkt", "ctr", "runc", "crun",
    ]
    private static let creating: Set<String> = ["run", "create", "run-prepared"]
    /// Programs that run another one; a bare option of theirs need not take the next word.
    private static let wrappers: Set<String> = [
        "catatonit", "chpst", "chroot", "chrt", "dumb-init", "env", "flock", "ionice", "ip", "nice",
        "nsenter",
        "numactl", "prlimit", "runuser", "setpriv", "stdbuf", "su", "sudo", "systemd-cat", "systemd-inhibit",
        "taskset", "timeout", "tini", "unshare",
    ]
    private static let architectures: Set<String> = ["amd64", "arm", "arm64", "ppc64le", "s390x", "386"]

    /// - Parameter words: the command line, argv[0] first; variables that are known are expanded.
    package init(_ words: [String]) {
        let names = words.map(Self.baseName)
        let found = words.indices.first { Self.isServer(words, names, at: $0) }
        let before = names[..<(found ?? names.endIndex)]
        if let name = names.first, ["k3s", "rke2"].contains(name) {
            (kind, ownStart) = (.distribution(name), 1)
        } else if let at = before.firstIndex(where: Self.containers.contains) {
            let isCreating = names[at...].contains(where: Self.creating.contains)
            kind =
                !isCreating ? .startedContainer(names[at]) : found == nil ? .other : .container(names[at])
            let isRkt = names[at] == "rkt"
            ownStart = (isRkt ? words.firstIndex(of: "--") ?? words.count - 1 : found ?? 0) + 1
        } else {
            kind = found == nil ? .other : .apiServer
            ownStart = (found ?? 0) + 1
        }
    }

    private static func isServer(_ words: [String], _ names: [String], at index: Int) -> Bool {
        let word = words[index]
        if word.hasPrefix("-") {
            return names.first == "rkt" && word.hasPrefix("--exec=") && isServerName(names[index])
        }
        guard isServerName(names[index]) else { return false }
        guard index > 0, words[index - 1].hasPrefix("-"), words[index - 1] != "--" else { return true }
        let option = words[index - 1]
        if option.contains("=") || option == "--exec" { return true }
        // What stands behind a bare option may be its value.
        let first = names.first(where: { containers.contains($0) || wrappers.contains($0) })
        return first != nil && !["--name", "--hostname", "-h", "--network-alias"].contains(option)
    }

    /// Whether it is the name of kube-apiserver's program or image, with a version or an architecture perhaps.
    private static func isServerName(_ name: String) -> Bool {
        for known in ["kube-apiserver", "hyperkube", "apiserver"] where name.hasPrefix(known) {
            let rest = name.dropFirst(known.count)
            if rest.isEmpty { return true }
            guard rest.first == "-" || rest.first == "_" else { continue }
            let suffix = rest.dropFirst()
            if architectures.contains(String(suffix)) { return true }
            let version = suffix.first == "v" ? suffix.dropFirst() : suffix
            let isVersion = version.utf8.first.map { (0x30...0x39).contains($0) } ?? false
            if isVersion, ![".sh", ".bash", ".py"].contains(where: name.hasSuffix) { return true }
        }
        return false
    }

    /// The last part of a path or of an image's name, without tag and digest.
    private static func baseName(_ word: String) -> String {
        let path = word.split(separator: "@").first ?? ""
        let last = path.split(separator: "/").last ?? ""
        return String(last.split(separator: ":").first ?? "")
    }
}

extension CommandProgram {
    /// The program of a unit's command, as far as its variables are known.
    package init(_ command: ExecCommand, _ environment: ServiceEnvironment) {
        let expansion = command.expand(environment: environment)
        let words = expansion.arguments.map(\.pattern.description)
        let own = CommandProgram(words)
        // With the prefix @ the name of the process is made up.
        let isNamed = own.kind == .other && command.prefix.contains("@")
        self = isNamed ? CommandProgram([command.executable] + words.dropFirst()) : own
    }
}
