// SPDX-License-Identifier: Apache-2.0

import Values

/// Which program a command line runs, and which of its arguments are that program's own.
package struct CommandProgram: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// kube-apiserver, perhaps behind programs such as `env` or `nice` that pass arguments on.
        case apiServer
        /// A container that this command makes, with this program: the arguments behind the image are kube-apiserver's.
        case container(String)
        /// One whose command has no place for arguments of kube-apiserver at its end: rkt needs `--` before them, and ctr the
        /// container's name.
        case closedContainer(String)
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
    /// Index of the program that the wrappers before it run.
    package let program: Int
    /// Directories that wrappers make the root, the outermost first.
    package let roots: [String]
    /// Whether a wrapper enters a file system that nothing is known of.
    package let changesFiles: Bool
    /// A program that is not known and is followed by kube-apiserver with its flags.
    package let unknownWrapper: String?
    package let container: ContainerCommand?

    /// - Parameter words: the command line, argv[0] first; variables that are known are expanded.
    package init(_ words: [String]) {
        var (index, roots, changesFiles) = (0, [String](), false)
        while index < words.count, let wrapper = CommandWrapper.table[words[index].splitPath.name],
            let step = wrapper.step(words, from: index + 1)
        {
            index = step.next
            if let root = step.root { roots.append(root) }
            if step.changesFiles { changesFiles = true }
        }
        (program, self.roots, self.changesFiles) = (index, roots, changesFiles)
        let name = index < words.count ? words[index].splitPath.name : ""
        let container = ContainerCommand(words, at: index)
        self.container = container
        if Self.isServer(words, at: index) {
            (kind, ownStart, unknownWrapper) = (.apiServer, index + 1, nil)
        } else if ["k3s", "rke2"].contains(name) {
            (kind, ownStart, unknownWrapper) = (.distribution(name), 1, nil)
        } else if let container {
            kind = container.kind(words)
            ownStart =
                container.ownStart(words)
                ?? (container.engine == "rkt" ? container.rest : Self.anyServer(words))
            unknownWrapper = nil
        } else if let server = Self.serverBehind(words, index) {
            (kind, ownStart, unknownWrapper) = (.apiServer, server + 1, words[index])
        } else {
            (kind, ownStart, unknownWrapper) = (.other, Self.anyServer(words), nil)
        }
    }

    /// Whether the program at `index` is kube-apiserver: hyperkube is where it is told to be.
    private static func isServer(_ words: [String], at index: Int) -> Bool {
        guard index < words.count else { return false }
        let name = words[index].splitPath.name
        guard isName(name, of: ["hyperkube"]) else {
            return isName(name, of: ["kube-apiserver", "apiserver"])
        }
        let subcommand = words[(index + 1)...].first { !$0.hasPrefix("-") }
        return subcommand.map { ["kube-apiserver", "apiserver"].contains($0) } ?? false
    }

    /// kube-apiserver behind a program that is not known: under its path, and with the flag that it never starts without.
    private static func serverBehind(_ words: [String], _ index: Int) -> Int? {
        guard index < words.count, !CommandWrapper.elsewhere.contains(words[index].splitPath.name) else {
            return nil
        }
        let server = words.indices.dropFirst(index + 1).first { position in
            let before = words[position - 1]
            return words[position].hasPrefix("/") && isServer(words, at: position)
                && (!before.hasPrefix("-") || before == "--" || before.contains("="))
        }
        guard let server else { return nil }
        let hasStores = words[(server + 1)...].contains { EffectiveFlags.name(of: $0) == "etcd-servers" }
        return hasStores ? server : nil
    }

    /// Where arguments begin whose program is not sure, such as those of somebody's own script.
    private static func anyServer(_ words: [String]) -> Int {
        let found = words.indices.first { index in
            isName(words[index].splitPath.name, of: ["kube-apiserver", "apiserver", "hyperkube"])
                && (index == 0 || !words[index - 1].hasPrefix("-") || words[index - 1] == "--")
        }
        return (found ?? 0) + 1
    }

    /// Whether `name` is one of the programs, with a version or an architecture perhaps.
    static func isName(_ name: String, of known: [String]) -> Bool {
        for known in known where name.hasPrefix(known) {
            let rest = name.dropFirst(known.count)
            if rest.isEmpty { return true }
            guard rest.first == "-" || rest.first == "_" else { continue }
            let suffix = rest.dropFirst()
            if architectures.contains(String(suffix)) { return true }
            let version = suffix.first == "v" ? suffix.dropFirst() : suffix
            let isVersion = version.utf8.first.map { (0x30...0x39).contains($0) } ?? false
            if isVersion, !scriptEndings.contains(where: name.hasSuffix) { return true }
        }
        return false
    }

    private static let architectures: Set<String> = ["amd64", "arm", "arm64", "ppc64le", "s390x", "386"]
    private static let scriptEndings = [".sh", ".bash", ".py", ".pl", ".rb"]
}

extension CommandProgram {
    /// The program of a unit's command, as far as its variables are known.
    package init(_ command: ExecCommand, _ environment: ServiceEnvironment) {
        self.init(command, command.expand(environment: environment).arguments.map(\.pattern.description))
    }

    /// - Parameter words: what `command` is with its variables expanded.
    init(_ command: ExecCommand, _ words: [String]) {
        // With the prefix @ the name of the process is made up, and only hyperkube goes by it.
        let actual = [command.executable] + words.dropFirst()
        let own = CommandProgram(actual)
        let goesByName = Self.isName(command.executable.splitPath.name, of: ["hyperkube"])
        self = own.kind == .other && goesByName && command.prefix.contains("@") ? CommandProgram(words) : own
    }
}
