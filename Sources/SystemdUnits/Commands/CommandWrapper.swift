// SPDX-License-Identifier: Apache-2.0

/// How a program that runs another one, such as `nice`, takes its own options and operands.
///
/// Source: the manual pages of coreutils 9, util-linux 2.38, systemd 252, iproute2, numactl, runit, sudo, and
/// `kube-log-runner --help`. An option that is not listed is not guessed at.
struct CommandWrapper {
    /// Where a command goes on behind a wrapper.
    struct Step {
        /// Index of the next program.
        var next: Int
        /// The directory that becomes the root.
        var root: String?
        /// Whether it enters a file system that nothing is known of.
        var changesFiles = false
    }

    private enum Value { case none, next, attached }
    private enum Effect: Character { case root = "!", otherFiles = "~", user = "*" }
    private struct Option {
        var value: Value
        var effect: Effect?
    }

    private var options: [String: Option] = [:]
    /// Words between the options and the command.
    private var operands = 0
    private var rootIsOperand = false
    /// `NAME=VALUE` before the command.
    private var takesAssignments = false
    /// `-5`, as of nice.
    private var takesNumbers = false
    /// Long options with one dash, as Go's package flag has them.
    private var hasGoFlags = false
    /// It runs a shell unless it has an option that names the user.
    private var needsUser = false
    /// One of these must follow, as of `ip netns exec`.
    private var subcommands: [[String]] = []

    /// - Parameter options: words such as `n,adjustment:`; a colon is a value, two are one that must be attached.
    private init(_ options: String, _ change: (inout CommandWrapper) -> Void = { _ in }) {
        for word in options.split(separator: " ") {
            let effect = word.last.flatMap(Effect.init)
            let spec = effect == nil ? word : word.dropLast()
            let colons = spec.reversed().prefix { $0 == ":" }.count
            let value: Value = colons == 0 ? .none : colons == 1 ? .next : .attached
            for name in spec.dropLast(colons).split(separator: ",") {
                self.options[String(name)] = Option(value: value, effect: effect)
            }
        }
        change(&self)
    }

    /// Skips what belongs to the wrapper; nil where it runs no program, or which one is not sure.
    ///
    /// - Parameter start: the index behind the wrapper's own word.
    func step(_ words: [String], from start: Int) -> Step? {
        var step = Step(next: start)
        var effects: [Effect] = []
        guard skipOptions(words, &step, &effects) else { return nil }
        if !subcommands.isEmpty {
            guard let found = subcommands.first(where: { words[step.next...].starts(with: $0) }) else {
                return nil
            }
            step.next += found.count
        }
        if rootIsOperand, step.next < words.count { step.root = words[step.next] }
        step.next += operands
        step.changesFiles = effects.contains(.otherFiles)
        guard step.next < words.count, !needsUser || effects.contains(.user) else { return nil }
        return step
    }

    private func skipOptions(_ words: [String], _ step: inout Step, _ effects: inout [Effect]) -> Bool {
        var isOpen = true
        while step.next < words.count {
            let word = words[step.next]
            if isOpen, word == "--" {
                isOpen = false
            } else if isOpen, takesAssignments, word == "-" {
                // As -i of env.
            } else if isOpen, word.hasPrefix("-"), word != "-" {
                guard let (option, value) = read(word, &effects) else { return false }
                var given = value
                if option.value == .next, given == nil {
                    step.next += 1
                    guard step.next < words.count else { return false }
                    given = words[step.next]
                }
                if let effect = option.effect { effects.append(effect) }
                if option.effect == .root, let given { step.root = given }
            } else if takesAssignments, !word.hasPrefix("="), word.contains("=") {
                // A variable.
                isOpen = false
            } else {
                return true
            }
            step.next += 1
        }
        return true
    }

    /// The option whose value the word ends with or leaves to the next one, and that value.
    private func read(_ word: String, _ effects: inout [Effect]) -> (Option, String?)? {
        let isLong = word.hasPrefix("--") || hasGoFlags
        if takesNumbers, Int(word.dropFirst()) != nil { return (Option(value: .none), nil) }
        if isLong {
            let parts = word.drop { $0 == "-" }.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let option = options[String(parts[0])],
                parts.count == 1 || hasGoFlags || option.value != .none
            else { return nil }
            return (option, parts.count > 1 ? String(parts[1]) : nil)
        }
        var rest = word.dropFirst()
        while let letter = rest.popFirst() {
            guard let option = options[String(letter)] else { return nil }
            if option.value != .none { return (option, rest.isEmpty ? nil : String(rest)) }
            if rest.isEmpty { return (option, nil) }
            if let effect = option.effect { effects.append(effect) }
        }
        return nil
    }
}

extension CommandWrapper {
    /// By the name of the program.
    static let table: [String: CommandWrapper] = [
        "catatonit": .init("g P V,version"),
        "cgexec": .init("g: sticky b"),
        "chpst": .init(
            "u: U: e: /:! n: b: l: L: m: d: o: p: f: c: r: t: s: a: C: v V P 0 1 2"),
        "chroot": .init("userspec: groups: skip-chdir") { ($0.operands, $0.rootIsOperand) = (1, true) },
        "chrt": .init(
            "b,batch d,deadline f,fifo i,idle o,other r,rr R,reset-on-fork T,sched-runtime: P,sched-period: "
                + "D,sched-deadline: v,verbose"
        ) { $0.operands = 1 },
        "doas": .init("n u: C:"),
        "dumb-init": .init("c,single-child v,verbose r,rewrite:"),
        "env": .init(
            "i,ignore-environment 0,null u,unset: C,chdir: block-signal:: default-signal:: ignore-signal:: "
                + "list-signal-handling v,debug a,argv0:"
        ) { $0.takesAssignments = true },
        "exec": .init("c l a:"),
        "flock": .init(
            "s,shared x,e,exclusive u,unlock n,nb,nonblock w,wait,timeout: E,conflict-exit-code: o,close F,no-fork "
                + "verbose"
        ) { $0.operands = 1 },
        "go-runner": .logRunner, "kube-log-runner": .logRunner,
        "gosu": .init("") { $0.operands = 1 },
        "ionice": .init("c,class: n,classdata: t,ignore"),
        "ip": .init("n,netns: 4 6 o d s") {
            ($0.operands, $0.subcommands) = (1, [["netns", "exec"], ["vrf", "exec"]])
        },
        "nice": .init("n,adjustment:") { $0.takesNumbers = true },
        "nohup": .init(""),
        "nsenter": .init(
            "a,all~ t,target: m,mount::~ u,uts:: i,ipc:: n,net:: p,pid:: C,cgroup:: U,user:: T,time:: S,setuid: "
                + "G,setgid: preserve-credentials r,root::~ w,wd:: W,wdns: F,no-fork Z,follow-context e,env"),
        "numactl": .init(
            "i,interleave: p,preferred: m,membind: N,cpunodebind: C,physcpubind: P,preferred-many: w,weighted-interleave: "
                + "c,cpubind: l,localalloc a,all b,balancing"),
        "prlimit": .init(
            "o,output: noheadings raw verbose c,core:: d,data:: e,nice:: f,fsize:: i,sigpending:: l,memlock:: m,rss:: "
                + "n,nofile:: q,msgqueue:: r,rtprio:: s,stack:: t,cpu:: u,nproc:: v,as:: x,locks:: y,rttime::"
        ),
        "runuser": .init("u,user:* g,group: G,supp-group: w,whitelist-environment:") { $0.needsUser = true },
        "s6-setuidgid": .init("") { $0.operands = 1 },
        "setpriv": .init(
            "nnp,no-new-privs ambient-caps: inh-caps: bounding-set: ruid: euid: rgid: egid: reuid: regid: clear-groups "
                + "keep-groups init-groups groups: securebits: pdeathsig: selinux-label: apparmor-profile: reset-env"
        ),
        "setsid": .init("c,ctty f,fork w,wait"),
        "stdbuf": .init("i,input: o,output: e,error:"),
        "su-exec": .init("") { $0.operands = 1 },
        "sudo": .init(
            "b,background C,close-from: E,preserve-env:: g,group: H,set-home h,host: n,non-interactive P,preserve-groups "
                + "p,prompt: r,role: t,type: T,command-timeout: u,user: S,stdin k,reset-timestamp D,chdir: R,chroot:!"
        ) { $0.takesAssignments = true },
        "systemd-cat": .init("t,identifier: p,priority: stderr-priority: level-prefix: namespace:"),
        "systemd-inhibit": .init("what: who: why: mode: no-pager no-legend no-ask-password"),
        "taskset": .init("a,all-tasks c,cpu-list") { $0.operands = 1 },
        "timeout": .init("k,kill-after: s,signal: foreground preserve-status v,verbose f p") {
            $0.operands = 1
        },
        "tini": .tini, "docker-init": .tini, "tini-static": .tini,
        "unshare": .init(
            "m,mount:: u,uts:: i,ipc:: n,net:: p,pid:: U,user:: C,cgroup:: T,time:: f,fork map-user: map-group: "
                + "r,map-root-user c,map-current-user map-auto map-users: map-groups: kill-child:: mount-proc:: "
                + "propagation: setgroups: keep-caps R,root:! w,wd: S,setuid: G,setgid: monotonic: boottime:"),
    ]

    private static let tini = CommandWrapper("s p: v w g e: l")
    private static let logRunner = CommandWrapper(
        "log-file: also-stdout redirect-stderr log-file-size: log-file-age: flush-interval:"
    ) { $0.hasGoFlags = true }

    /// Programs that run a command where the node's files are others, or that only pass it to somebody else.
    static let elsewhere: Set<String> = [
        "at", "batch", "bwrap", "chpst", "chroot", "crictl", "docker-compose", "firejail", "kubectl", "lxc",
        "lxc-attach", "lxc-execute", "lxc-start", "machinectl", "nsenter", "podman-compose", "proot", "rsh",
        "runuser", "schroot", "singularity", "ssh", "su", "sudo", "systemd-nspawn", "systemd-run", "toolbox",
        "unshare",
    ]
}
