// SPDX-License-Identifier: Apache-2.0

import Values

/// A command of a program that makes or starts containers, with its options apart from what runs in the container.
///
/// Source: `docker run --help` of 27, `podman run --help` of 5, `nerdctl run --help` of 2, `ctr run --help` of 1.7 and
/// `rkt run --help` of 1.30. An option that is not known to stand alone takes the next word, as most do.
package struct ContainerCommand: Sendable, Equatable {
    struct Option: Sendable, Equatable {
        /// Without dashes.
        var name: String
        /// Empty where it has none.
        var value: String
    }

    let engine: String
    /// Such as `run`; empty where there is none.
    private(set) var action = ""
    /// Those before the image; of rkt those of the image too.
    private(set) var options: [Option] = []
    private(set) var image: String?
    /// Index of the first word that goes to the container.
    private(set) var rest: Int
    /// Whether words at the command's end go to the container.
    private(set) var isOpen = false

    static let engines: Set<String> = ["docker", "podman", "nerdctl", "rkt", "ctr", "runc", "crun"]
    private static let groups: Set<String> = ["container", "containers", "c", "task", "tasks", "t"]
    private static let starting: Set<String> = [
        "attach", "exec", "restart", "run-prepared", "start", "unpause",
    ]
    private static let flags: Set<String> = [
        "D", "P", "d", "debug", "detach", "disable-content-trust", "env-host", "experimental", "help",
        "http-proxy",
        "i", "init", "insecure-registry", "interactive", "no-healthcheck", "no-hosts", "no-hostname",
        "oom-kill-disable", "passwd", "privileged", "publish-all", "q", "quiet", "read-only",
        "read-only-tmpfs",
        "remote", "replace", "rm", "rmi", "rootfs", "sig-proxy", "syslog", "t", "tls", "tls-verify",
        "tlsverify",
        "trace", "transient-store", "tty", "unsetenv-all", "use-api-socket",
    ]
    private static let flagsOf: [String: Set<String>] = [
        "ctr": ["allow-new-privs", "cni", "isolated", "net-host", "no-pivot", "null-io", "seccomp"],
        "rkt": [
            "dns-none", "inherit-env", "insecure-skip-verify", "mds-register", "net", "no-overlay",
            "no-store",
            "private-users", "readonly-rootfs", "store-only", "trust-keys-from-https",
        ],
    ]

    /// - Returns: nil where the program at `index` is none that has containers.
    init?(_ words: [String], at index: Int) {
        guard index < words.count, Self.engines.contains(words[index].splitPath.name) else { return nil }
        engine = words[index].splitPath.name
        rest = words.count
        var position = index + 1
        takeOptions(words, &position)
        if position < words.count, Self.groups.contains(words[position]) {
            position += 1
            takeOptions(words, &position)
        }
        guard position < words.count else { return }
        action = words[position]
        position += 1
        options = []
        takeOptions(words, &position)
        guard position < words.count else { return }
        image = words[position]
        // ctr has the container's name behind the image.
        position += engine == "ctr" ? 2 : 1
        if engine == "rkt" {
            while position < words.count, words[position] != "--" {
                let start = position
                takeOptions(words, &position)
                if position == start { position += 1 }
            }
            position += 1
        }
        isOpen = position <= words.count
        rest = min(position, words.count)
    }

    /// Takes options until a word that is none; that word is left.
    private mutating func takeOptions(_ words: [String], _ position: inout Int) {
        while position < words.count, words[position].hasPrefix("-"), words[position] != "-" {
            if words[position] == "--" {
                if engine != "rkt" { position += 1 }
                return
            }
            let next = position + 1 < words.count ? words[position + 1] : nil
            let takesNext =
                words[position].hasPrefix("--")
                ? takeLong(words[position], next) : takeShort(words[position], next)
            position += takesNext ? 2 : 1
        }
        position = min(position, words.count)
    }

    private mutating func takeLong(_ word: String, _ next: String?) -> Bool {
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let stands = isFlag(name)
        let value = parts.count > 1 ? String(parts[1]) : stands ? "" : next ?? ""
        options.append(Option(name: name, value: value))
        return parts.count == 1 && !stands
    }

    private mutating func takeShort(_ word: String, _ next: String?) -> Bool {
        var rest = word.dropFirst()
        while let letter = rest.popFirst() {
            if isFlag(String(letter)) {
                if rest.first == "=" { return false }
                continue
            }
            let value = rest.isEmpty ? next ?? "" : String(rest.first == "=" ? rest.dropFirst() : rest)
            options.append(Option(name: String(letter), value: value))
            return rest.isEmpty
        }
        return false
    }

    private func isFlag(_ name: String) -> Bool {
        Self.flags.contains(name) || Self.flagsOf[engine]?.contains(name) == true
    }

    /// What the command does, and whether it is kube-apiserver that runs in the container.
    func kind(_ words: [String]) -> CommandProgram.Kind {
        // The bundle of runc and crun has the arguments.
        let hasBundle = ["runc", "crun"].contains(engine)
        if Self.starting.contains(action) || (hasBundle && ["run", "create"].contains(action)) {
            return .startedContainer(engine)
        }
        guard ["run", "create"].contains(action), ownStart(words) != nil else { return .other }
        return isOpen ? .container(engine) : .closedContainer(engine)
    }

    /// Where kube-apiserver's own arguments begin; nil where something else runs in the container.
    func ownStart(_ words: [String]) -> Int? {
        guard let image else { return nil }
        let arguments = Array(words[rest...])
        if let program = options.last(where: { ["entrypoint", "exec"].contains($0.name) })?.value,
            !program.isEmpty
        {
            let found = CommandProgram([program] + arguments)
            return found.kind == .apiServer ? rest + found.ownStart - 1 : nil
        }
        // A shell has yet to put a variable in.
        guard let first = arguments.first, !first.hasPrefix("-"), !first.hasPrefix("$") else {
            return CommandProgram.isName(Self.name(ofImage: image), of: ["kube-apiserver", "apiserver"])
                ? rest : nil
        }
        let found = CommandProgram(arguments)
        return found.kind == .apiServer ? rest + found.ownStart : nil
    }

    /// Without registry, tag and digest.
    private static func name(ofImage image: String) -> String {
        let path = image.split(separator: "@").first ?? ""
        let last = path.split(separator: "/").last ?? ""
        return String(last.split(separator: ":").first ?? "")
    }
}
