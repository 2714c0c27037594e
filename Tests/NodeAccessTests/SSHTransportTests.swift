// SPDX-License-Identifier: Apache-2.0

import Foundation
import Secrets
import TestSupport
import Testing

@testable import LocalFiles
@testable import NodeAccess
@testable import Values

/// The same over ssh as on the machine itself, through a real sshd.
@Suite(.serialized) struct SSHTransportTests {
    private let directory: TemporaryDirectory
    private let local = LocalTransport()

    init() throws {
        directory = try TemporaryDirectory()
        let line = """
            printf 'plain text' >a; : >empty; head -c 70000 /dev/urandom >big; printf '\\0\\377\\n\\n' >binary
            mkdir -m 750 sub; printf x >'sub/with space'; ln -s a link; ln -s nowhere dangling; mkfifo pipe; chmod 4711 big
            mkdir 'quote'"'"'d $dir'; printf y >'quote'"'"'d $dir/`file`'
            """
        #expect(try run("bash", ["-c", line], currentDirectory: directory.path).status == 0)
    }

    private static let names = [
        "a", "empty", "big", "binary", "sub", "sub/with space", "link", "dangling", "pipe", "missing",
        "a/below", "quote'd $dir/`file`", "sub/../a",
    ]

    /// What a call gives, or the code of its error.
    private func outcome<T>(_ call: () throws -> T) -> String {
        do { return "\(try call())" } catch let error as NodeError { return error.code.rawValue } catch {
            return "\(error)"
        }
    }

    @Test func readsWhatIsThere() throws {
        let ssh = try LoopbackSSH()
        let remote = try ssh.connect()
        for name in Self.names.map({ directory.file($0) }) + ["/proc/1/cmdline", "/dev/null", "/"] {
            #expect(outcome { try remote.status(name) } == outcome { try local.status(name) }, "\(name)")
            #expect(
                outcome { try remote.follow(name) } == outcome { try local.follow(name) }, "\(name)")
            for limit in [4, 100_000] {
                #expect(
                    outcome { try remote.read(name, limit: limit) }
                        == outcome { try local.read(name, limit: limit) },
                    "\(name) \(limit)")
            }
            #expect(
                outcome { try remote.first(3, of: name) } == outcome { try local.first(3, of: name) },
                "\(name)")
        }
        for name in ["sub", "missing", "", "quote'd $dir"].map({ directory.file($0) }) {
            #expect(try remote.list(name) == local.list(name))
        }
        let directories = ["sub", "missing", "quote'd $dir", ""].map { directory.file($0) }
        #expect(try remote.lists(directories) == local.lists(directories))
        #expect(try remote.lists([directories[0]]) == local.lists([directories[0]]))
        #expect(try remote.lists([directories[1], directories[1] + "2"]) == [[], []])
        #expect(try remote.lists([]) == [])
        for (user, group) in [
            ("", ""), ("daemon", ""), ("daemon", "adm"), ("4711", ""), ("", "12"), ("nobody-here", ""),
            ("", "none"),
        ] {
            #expect(
                outcome { try remote.owner(user: user, group: group) }
                    == outcome { try local.owner(user: user, group: group) }, "\(user):\(group)")
        }
        #expect(abs(try remote.clock().seconds - local.clock().seconds) <= 2)
        let error = #expect(throws: NodeError.self) { try remote.status("/a\nrm /b") }
        #expect(error?.underlying.contains("line feed") == true)
    }

    /// Two requests for all of it, and the same answers as one by one.
    @Test func findsProcesses() throws {
        let name = "a-server-\(UUID().uuidString)"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", "exec -a \(name) sleep 60"]
        try process.run()
        defer { process.terminate() }
        func found(_ transport: any NodeTransport) throws -> [NodeProcess] {
            // Who looks for a word has it in its own command line, and is not meant.
            try transport.processes(mentioning: ["no such word", name])
        }
        let deadline = ContinuousClock.now + .seconds(20)
        while try found(local).first?.arguments.first != name, ContinuousClock.now < deadline {
            usleep(20_000)
        }
        let own = try #require(try found(local).first)
        #expect(own.pid == process.processIdentifier && own.arguments == [name, "60"] && own.isInNodeNetwork)
        #expect(own.executable?.hasSuffix("/sleep") == true)
        #expect(try found(LoopbackSSH().connect()) == [own])
    }

    @Test func readsAhead() throws {
        let ssh = try LoopbackSSH()
        let remote = try ssh.connect()
        let names =
            Self.names.map { directory.file($0) } + ["/proc/1/cmdline", "/dev/null", "/", "/a b/'c", "/x\ny"]
        let digests = [
            directory.file("a"), directory.file("missing"), directory.file("sub/with space"),
            directory.file("sub"),
        ]
        let plain = try ssh.connect()
        let none: ByteDigest = { _ in nil }
        try remote.readAhead(names, digests: digests)
        let requests = remote.traffic?.requests ?? 0
        #expect(requests == 2)
        for name in names.dropLast() {
            #expect(outcome { try remote.status(name) } == outcome { try local.status(name) }, "\(name)")
            for limit in [4, 100_000] {
                #expect(
                    outcome { try remote.read(name, limit: limit) }
                        == outcome { try local.read(name, limit: limit) },
                    "\(name) \(limit)")
            }
        }
        for name in digests {
            #expect(
                outcome { try remote.sha256(of: name, with: none) }
                    == outcome { try plain.sha256(of: name, with: none) }, "\(name)")
        }
        #expect(
            remote.traffic.map { $0.requests > requests } == true,
            "links and what is no file are asked one by one")
        // What is known is not asked again, and is forgotten as asked.
        let file = directory.file("a")
        let known = remote.traffic
        try remote.readAhead([file], digests: [])
        #expect(try remote.read(file) == local.read(file))
        #expect(remote.traffic == known)
        remote.forgetAhead()
        try directory.write("another", to: "a")
        #expect(try remote.read(file) == Array("another".utf8))
        try remote.readAhead([], digests: [])
    }

    /// What cannot be read is told of in the same words, with what to do about it.
    @Test func saysWhatToDo() throws {
        let ssh = try LoopbackSSH()
        let remote = try ssh.connect()
        #expect(symlink("loop", directory.file("loop")) == 0)
        for name in ["loop", "loop/below", "sub", "pipe"] {
            let errors = [local as any NodeTransport, remote].map { transport in
                #expect(throws: NodeError.self) { try transport.read(directory.file(name), limit: 9) }
            }
            #expect(errors[0]?.code == errors[1]?.code && errors[0]?.reportedHint == errors[1]?.reportedHint)
            #expect(errors[0]?.description == errors[1]?.description)
            let says = name.hasPrefix("loop") ? "namei \(directory.file(name))" : "by a plain file"
            #expect(errors[0]?.reportedHint?.contains(says) == true, "\(String(describing: errors))")
        }
        let unknown = NodeError.remote("read", "/x", "stat: something that nobody has heard of")
        #expect(unknown.reportedHint?.contains("look at /x") == true)
    }

    @Test func runsPrograms() async throws {
        let remote = try LoopbackSSH().connect()
        let words = ["a b", "$HOME", "`id`", "'", "\"", "*", ""]
        let said = try await remote.run(
            "printf", ["<%s>"] + words, environment: ["X": "$y"], timeoutSeconds: 10)
        #expect(said.status == 0 && said.stdout == words.map { "<\($0)>" }.joined())
        #expect(
            try await remote.run(
                "sh", ["-c", "echo $X; exit 3"], environment: ["X": "a b"], timeoutSeconds: 10
            ).status == 3)
        await #expect(throws: NodeError.self) { try await remote.run("no-such-program", []) }
        await #expect(throws: NodeError.self) { try await remote.run("sleep", ["30"], timeoutSeconds: 1) }
    }

    /// A warning on standard error is never read as what a program says, whichever way it is run.
    @Test func standardErrorIsApart() async throws {
        let remote = try LoopbackSSH().connect()
        let script = """
            printf 'Warning: first\\n' >&2; printf '{"a":\\n 1}\\n'; printf 'Warning: last' >&2; exit 5
            """
        for way in [remote as any NodeTransport, local] {
            let result = try await way.run("sh", ["-c", script])
            #expect(result.status == 5)
            #expect(result.stdout == "{\"a\":\n 1}\n", "\(way)")
            #expect(result.stderr == "Warning: first\nWarning: last", "\(way)")
            let silent = try await way.run("true", [])
            #expect(silent.stdout.isEmpty && silent.stderr.isEmpty && silent.status == 0)
        }
    }

    /// As long as a ConfigMap with hundreds of CAs, and longer.
    @Test(arguments: [700_000, 3_000_000])
    func longAnswers(count: Int) async throws {
        let remote = try LoopbackSSH().connect()
        let script = "head -c \(count) /dev/zero | tr '\\0' x; echo; printf warning >&2"
        for way in [remote as any NodeTransport, local] {
            let result = try await way.run("sh", ["-c", script])
            #expect(result.stdout.utf8.count == count + 1 && result.stderr == "warning", "\(way)")
        }
    }

    /// Without the lock nothing is changed, and one run alone has it.
    @Test(.enabled(if: geteuid() == 0, "the lock lies in /run, which takes root"))
    func theLock() throws {
        let ssh = try LoopbackSSH()
        let (one, other) = (try ssh.connect(), try ssh.connect())
        let path = directory.file("new")
        let refused = #expect(throws: NodeError.self) { try one.write(path, .text("x"), mode: 0o600) }
        #expect(refused?.code == .lockLost)
        #expect(throws: NodeError.self) { try one.remove(directory.file("a")) }
        #expect(try local.status(path) == nil && local.read(directory.file("a")) != nil)

        let lock = try one.lock(LockHolder(token: "11", now: UnixTime(seconds: 0)))
        try one.write(path, .text("x"), mode: 0o600)
        for way in [other as any NodeTransport, local] {
            let taken = #expect(throws: NodeError.self) {
                try way.lock(LockHolder(token: "22", now: UnixTime(seconds: 0)))
            }
            #expect(taken?.code == .locked && taken?.underlying.contains("\(getpid()) on ") == true)
        }
        lock.release()
        #expect(throws: NodeError.self) { try one.checkLock() }
        let second = try other.lock(LockHolder(token: "22", now: UnixTime(seconds: 0)))
        // The first run's right has ended, whatever it still believes.
        let lost = #expect(throws: NodeError.self) { try one.write(path, .text("y"), mode: 0o600) }
        #expect(lost?.code == .lockLost && lost?.hint != nil)
        try other.write(path, .text("z"), mode: 0o600)
        #expect(try local.read(path) == Array("z".utf8))
        second.release()
        let third = try local.lock(LockHolder(token: "33", now: UnixTime(seconds: 0)))
        #expect(throws: NodeError.self) { try other.lock(LockHolder(token: "44", now: UnixTime(seconds: 0))) }
        third.release()
    }

    /// The same changes on two trees, one through ssh, leave the same behind.
    @Test(.enabled(if: geteuid() == 0, "the lock lies in /run, which takes root"))
    func changesAlike() throws {
        let ssh = try LoopbackSSH()
        let remote = try ssh.connect()
        let lock = try remote.lock(LockHolder(token: "55", now: UnixTime(seconds: 0)))
        var trees: [String] = []
        for (name, transport) in [("one", local as any NodeTransport), ("two", remote)] {
            let root = directory.file(name)
            try transport.makeDirectories("\(root)/deep/er", mode: 0o751)
            try transport.makeDirectories("\(root)/deep", mode: 0o700)
            let big = [UInt8]((0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            try transport.write(
                "\(root)/deep/big file", .bytes(big), mode: 0o640, owner: FileOwner(userID: 12, groupID: 34))
            try transport.write("\(root)/empty", .text(""), mode: 0o644)
            let secret = SecretBytes(copying: UnsafeRawBufferPointer(start: nil, count: 0))
            try transport.write("\(root)/secret", .secret(secret), mode: 0o600)
            let names = ["a", "b b", "*", "c"]
            let files = names.map { FileWrite("\(root)/\($0)", .text("content of \($0)"), mode: 0o600) }
            let prepared = zip(try transport.prepare(files), files).map {
                PreparedPath(temporary: $0, path: $1.path)
            }
            #expect(
                try transport.list(root) == names.map { ".\($0).aggbootstrap-tmp" }.sorted() + [
                    "deep", "empty", "secret",
                ])
            let gone = ["empty", "none", "none/none"].map { "\(root)/\($0)" }
            try transport.commit(prepared, removing: gone)
            try transport.commit([], removing: gone)
            // None of them where one cannot be written, which is named.
            let bad = FileWrite("\(root)/none/x", .text("x"), mode: 0o600)
            let failed = #expect(throws: NodeError.self) { try transport.prepare([files[0], bad, files[1]]) }
            #expect(
                transport is LocalTransport || failed?.subject == bad.path, "\(String(describing: failed))")
            #expect(try transport.prepare([]) == [])
            try copiesSeveral(transport, in: root)
            #expect(
                outcome { try transport.prepare("\(root)/none/x", .text(""), mode: 0o600, owner: nil) }
                    == "node/system")
            #expect(outcome { try transport.write("\(root)/deep", .text(""), mode: 0o600) } == "node/system")
            try transport.renameDirectory("\(root)/deep/er", to: "\(root)/moved")
            try transport.remove("\(root)/b b")
            try transport.remove("\(root)/b b")
            try transport.removeEmptyDirectory("\(root)/deep")
            try transport.removeEmptyDirectory("\(root)/moved")
            try transport.removeEmptyDirectory("\(root)/moved")
            try transport.makeDirectories("\(root)/x/y/z", mode: 0o700)
            try transport.removeTree("\(root)/x")
            try transport.removeTree("\(root)/x")
            let line =
                "find . -printf '%p %y %m %U:%G\\n' | sort; find . -type f -exec sha256sum {} + | sort -k2"
            trees.append(try run("bash", ["-c", line], currentDirectory: root).stdout)
        }
        #expect(trees[0] == trees[1] && trees[0].contains("./deep/big file f 640 12:34"), "\(trees)")
        lock.release()
    }

    private func copiesSeveral(_ transport: any NodeTransport, in root: String) throws {
        let sources = ["a", "missing", "big", "empty", "dangling"].map { directory.file($0) }
        let copies = sources.enumerated().map { FileCopy(of: $1, to: "\(root)/copy \($0)", mode: 0o640) }
        let prepared = try transport.prepareCopies(copies, with: sha256)
        #expect(prepared.map { $0?.size } == [10, nil, 70_000, 0, nil])
        try transport.commit(
            zip(prepared, copies).compactMap { prepared, copy in
                prepared.map { PreparedPath(temporary: $0.temporary, path: copy.path) }
            }, removing: [])
        let pipe = FileCopy(of: directory.file("pipe"), to: "\(root)/pipe", mode: 0o640)
        let refused = #expect(throws: NodeError.self) {
            try transport.prepareCopies([copies[0], pipe], with: sha256)
        }
        #expect(refused?.code == .notRegular && refused?.subject == directory.file("pipe"))
        let missing = FileCopy(of: directory.file("a"), to: "\(root)/none/x", mode: 0o640)
        #expect(
            outcome { try transport.prepareCopies([copies[0], missing], with: sha256) } == "node/system")
        #expect(try transport.prepareCopies([], with: sha256) == [])
    }

    @Test func digestsWhereTheFileLies() throws {
        let ssh = try LoopbackSSH()
        let remote = try ssh.connect()
        for name in Self.names.map({ directory.file($0) }) + ["/dev/null", "/"] {
            #expect(
                outcome { try remote.sha256(of: name, with: sha256) }
                    == outcome { try local.sha256(of: name, with: sha256) }, "\(name)")
        }
        withExtendedLifetime(ssh) {}
    }

    /// A file of the node becomes another one there, alike locally and over ssh, and never without the lock.
    @Test(.enabled(if: geteuid() == 0, "the lock lies in /run, which takes root"))
    func copiesOnTheNode() throws {
        let ssh = try LoopbackSSH()
        let remote = try ssh.connect()
        let refused = #expect(throws: NodeError.self) {
            try remote.copy(directory.file("a"), to: directory.file("sub/copy"), mode: 0o600, with: sha256)
        }
        #expect(refused?.code == .lockLost)
        #expect(try local.list(directory.file("sub")) == ["with space"])
        let lock = try remote.lock(LockHolder(token: "66", now: UnixTime(seconds: 0)))
        var said: [[String]] = []
        for (name, transport) in [("one", local as any NodeTransport), ("two", remote)] {
            let root = directory.file(name)
            try transport.makeDirectories(root, mode: 0o755)
            said.append(
                Self.names.map { source in
                    outcome {
                        try transport.copy(
                            directory.file(source), to: "\(root)/\(source.replacing("/", with: "-"))",
                            mode: 0o4640,
                            owner: FileOwner(userID: 12, groupID: 34), with: sha256
                        ).map { "\($0.size) \($0.sha256)" } ?? "nothing"
                    }
                })
            // Over one that is there, which stays until the copy is complete.
            #expect(
                try transport.copy(directory.file("big"), to: "\(root)/a", mode: 0o600, with: sha256)?.size
                    == 70000)
            #expect(
                outcome {
                    try transport.copy(directory.file("a"), to: "\(root)/none/x", mode: 0o600, with: sha256)
                }
                    == "node/system")
        }
        #expect(
            said[0] == said[1] && said[0].contains("nothing") && said[0].contains("node/not-regular"),
            "\(said)")
        let line = "find . -printf '%p %y %m %U:%G\\n' | sort; find . -type f -exec sha256sum {} + | sort -k2"
        let trees = try ["one", "two"].map {
            try run("bash", ["-c", line], currentDirectory: directory.file($0)).stdout
        }
        #expect(trees[0] == trees[1] && trees[0].contains("./big f 4640 12:34"), "\(trees)")
        #expect(!trees[0].contains("aggbootstrap-tmp"))
        // More than what a reply may hold: its bytes never come here.
        let line2 = "head -c 40000000 /dev/urandom >huge"
        #expect(try run("bash", ["-c", line2], currentDirectory: directory.path).status == 0)
        #expect(
            try remote.copy(directory.file("huge"), to: directory.file("copy"), mode: 0o600, with: sha256)?
                .size
                == 40_000_000)
        #expect(try run("cmp", [directory.file("huge"), directory.file("copy")]).status == 0)
        lock.release()
        withExtendedLifetime(ssh) {}
    }

    @Test func aShellThatPrints() throws {
        let noise =
            "ForceCommand printf 'Welcome\\nto this \"machine\"'; echo; exec sh -c \"$SSH_ORIGINAL_COMMAND\""
        let remote = try LoopbackSSH(settings: noise).connect()
        #expect(try remote.read(directory.file("a")) == Array("plain text".utf8))
    }

    /// ssh_config that would let anybody in, or ask, does not count.
    @Test func whoIsLetIn() throws {
        let ssh = try LoopbackSSH()
        #expect(try ssh.connect(hostKey: ssh.publicKey("host")).list("/proc/self").count > 3)
        let pinned = #expect(throws: NodeError.self) { try ssh.connect(hostKey: ssh.publicKey("other")) }
        #expect(
            pinned?.code == .hostKey && pinned?.hint?.contains("ssh.hostKey") == true,
            "\(String(describing: pinned))")

        let config = try String(contentsOfFile: ssh.directory.file("ssh_config"), encoding: .utf8)
        try ssh.directory.write("StrictHostKeyChecking no\n" + config, to: "ssh_config")
        try ssh.directory.write("[127.0.0.1]:\(ssh.port) \(try ssh.publicKey("other"))\n", to: "known_hosts")
        for _ in 0..<2 {
            let unknown = #expect(throws: NodeError.self) { try ssh.connect() }
            #expect(unknown?.code == .hostKey, "\(String(describing: unknown))")
            try ssh.directory.write("", to: "known_hosts")
        }
        try ssh.directory.write("[127.0.0.1]:\(ssh.port) \(try ssh.publicKey("host"))\n", to: "known_hosts")
        let user = #expect(throws: NodeError.self) { try ssh.connect(user: "nobody") }
        #expect(
            user?.code == .login && user?.hint?.contains("nobody@127.0.0.1") == true,
            "\(String(describing: user))")
        try ssh.directory.write("Port 1\n" + config, to: "ssh_config")
        let port = #expect(throws: NodeError.self) { try ssh.connect() }
        #expect(
            port?.code == .unreachable && port?.underlying.contains("refused") == true,
            "\(String(describing: port))")
    }

    @Test func theConnectionBreaks() throws {
        let ssh = try LoopbackSSH()
        let remote = try ssh.connect()
        try ssh.endSessions()
        for _ in 0..<2 {
            let lost = #expect(throws: NodeError.self) { try remote.list("/") }
            #expect(lost?.code == .connectionLost && lost?.subject == "cp1")
        }
    }
}

extension NodeTransport {
    /// Copies a file of the node to another path there.
    fileprivate func copy(
        _ source: String, to path: String, mode: UInt32, owner: FileOwner? = nil, with digest: ByteDigest
    ) throws(NodeError) -> PreparedCopy? {
        let copies = [FileCopy(of: source, to: path, mode: mode, owner: owner)]
        guard let prepared = try prepareCopies(copies, with: digest)[0] else { return nil }
        try commit([PreparedPath(temporary: prepared.temporary, path: path)])
        return prepared
    }
}
