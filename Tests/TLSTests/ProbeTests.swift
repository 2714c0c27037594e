// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import LocalFiles
@testable import TLS
@testable import Values

@Suite struct ProbeTests {
    private func reply(_ status: Int, _ body: String) -> TLSServer.Behaviour {
        .reply("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    private func trust() throws -> ServerTrust {
        .pinned(certificatePEM: try TestPKI.shared.get().bytes("server.pem"))
    }

    @Test func readsReadiness() throws {
        let hook = "poststarthook/aggregator-reload-proxy-client-cert"
        let ready = try TLSServer(reply(200, "[+]ping ok\n[+]\(hook) ok\nreadyz check passed\n"))
        let good = try ReadinessProbe.readyz(ready.endpoint(), trust: try trust())
        #expect(good.isReady && good.failedChecks.isEmpty && good.hasProxyClientHook == true)
        #expect(good.checks.map(\.name) == ["ping", hook])

        let broken = try TLSServer(
            reply(
                500, "[+]ping ok\n[-]etcd failed: reason withheld\n[+]log excluded: ok\nreadyz check failed\n"
            ))
        let bad = try ReadinessProbe.readyz(broken.endpoint(), trust: try trust())
        #expect(!bad.isReady && bad.status == 500 && bad.failedChecks == ["etcd"])
        #expect(bad.hasProxyClientHook == false)

        let closed = try TLSServer(reply(401, "[+]not a check list"))
        let silent = try ReadinessProbe.readyz(closed.endpoint(), trust: try trust())
        #expect(!silent.isReady && silent.checks.isEmpty && silent.hasProxyClientHook == nil)
    }

    @Test(arguments: [
        (#"{"major":"1","minor":"20+","gitVersion":"v1.20.2-x","n":1}"#, 200, "1.20 v1.20.2-x"),
        (#"{"major":"1","minor":"x","gitVersion":"v1"}"#, 200, "api/body"), ("<html>", 200, "api/body"),
        ("{}", 401, "api/status"),
    ])
    func readsTheVersion(_ body: String, _ status: Int, _ wanted: String) throws {
        let server = try TLSServer(reply(status, body))
        let got: String
        do {
            let version = try VersionProbe.version(server.endpoint(), trust: try trust())
            got = "\(version.version) \(version.gitVersion)"
        } catch let error as APIServerError { got = error.code.rawValue }
        #expect(got == wanted)
    }

    private static func refusal(_ user: String) -> String {
        #"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"nodes is forbidden: "#
            + #"User \"\#(user)\" cannot list resource \"nodes\" in API group \"\" at the cluster scope","#
            + #""reason":"Forbidden","code":403}"#
    }

    @Test(arguments: [
        (403, refusal("aggbootstrap-probe-a1"), IdentityOutcome.accepted(user: "aggbootstrap-probe-a1")),
        (403, refusal("aggbootstrap-probe-a"), .takenFor(user: "aggbootstrap-probe-a")),
        (403, refusal("system:anonymous"), .takenFor(user: "system:anonymous")),
        (401, "Unauthorized", .rejected),
        (403, "a web page", .notUnderstood(status: 403, excerpt: "a web page")),
        (503, "", .notUnderstood(status: 503, excerpt: "(empty)")),
        (404, "x", .notUnderstood(status: 404, excerpt: "x")),
    ])
    func readsWhomTheServerSaw(_ status: Int, _ body: String, _ wanted: IdentityOutcome) throws {
        let server = try TLSServer(reply(status, body))
        let identity = try TestPKI.shared.get().identity("client")
        let user = try #require(ProbeUser(suffix: "a1"))
        #expect(
            try IdentityProbe.probe(server.endpoint(), trust: try trust(), identity: identity, user: user)
                == wanted)
    }

    @Test(arguments: [
        (
            201,
            #"{"status":{"userInfo":{"username":"aggbootstrap-probe-a1","groups":["system:authenticated"]}}}"#,
            "accepted"
        ),
        (201, #"{"status":{"userInfo":{"username":"admin"}}}"#, "takenFor"), (201, "{}", "notUnderstood"),
        (404, "{}", "inconclusive"), (401, "{}", "rejected"),
        (403, refusal("aggbootstrap-probe-a1"), "accepted"),
        (500, "", "notUnderstood"),
    ])
    func readsAReview(_ status: Int, _ body: String, _ wanted: String) throws {
        let user = try #require(ProbeUser(suffix: "a1"))
        let outcome = IdentityProbe.reviewOutcome(
            HTTPResponse(status: status, headers: [], body: Array(body.utf8)), for: user)
        #expect("\(outcome)".hasPrefix(wanted))
    }

    /// A process (tail -F uses inotify) that watches real files, and what stat(2) says of them.
    @Test func seesWhatAProcessWatches() throws {
        let directory = try TemporaryDirectory()
        let files = try ["a", "b", "c"].map { try directory.write("", to: $0) }
        let tail = Process()
        tail.executableURL = URL(fileURLWithPath: "/usr/bin/tail")
        tail.arguments = ["-q", "-n", "+1", "-f", files[0], files[1]]
        try directory.write("ready\n", to: "b")
        let output = Pipe()
        tail.standardOutput = output
        try tail.run()
        defer { kill(tail.processIdentifier, SIGKILL) }
        _ = output.fileHandleForReading.availableData
        let folder = "/proc/\(tail.processIdentifier)/fdinfo"
        func watches() throws -> InotifyWatches {
            InotifyWatches(
                fdinfo: try FileManager.default.contentsOfDirectory(atPath: folder).map {
                    try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)
                })
        }
        func identity(_ path: String) throws -> InotifyWatches.File {
            var status = stat()
            #expect(stat(path, &status) == 0)
            return InotifyWatches.File(inode: UInt64(status.st_ino), device: UInt64(status.st_dev))
        }
        let (a, b, c) = (try identity(files[0]), try identity(files[1]), try identity(files[2]))
        let deadline = ContinuousClock.now + .seconds(10)
        while try watches().coverage(of: [a, b]) != .watched, ContinuousClock.now < deadline {}
        #expect(try watches().coverage(of: [a, b]) == .watched)
        #expect(try watches().coverage(of: [a, c]) == .missing([c]))
        let elsewhere = InotifyWatches.File(inode: a.inode, device: a.device + 1)
        #expect(try watches().coverage(of: [elsewhere, b]) == .watchedByInodeOnly)
        #expect(InotifyWatches(fdinfo: ["pos:\t0\nflags:\t02"]).isEmpty)
    }

    /// A process that watches a file as kube-apiserver from 1.23 on does: on the file itself, again where it was deleted.
    /// Renamed over, the old file is deleted and the watch follows; not where a hard link keeps the old one alive.
    @Test(arguments: [false, true]) func seesAWatchThatHasMissedAChange(linked: Bool) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("old", to: "pair.pem")
        let watcher = Process()
        watcher.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        watcher.arguments = ["-c", Self.watcher, path]
        let output = Pipe()
        watcher.standardOutput = output
        try watcher.run()
        defer { kill(watcher.processIdentifier, SIGKILL) }
        func waitForLine(_ line: String) {
            #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == line + "\n")
        }
        waitForLine("watching")
        func coverage() throws -> InotifyWatches.Coverage {
            var status = stat()
            #expect(stat(path, &status) == 0)
            let folder = "/proc/\(watcher.processIdentifier)/fdinfo"
            return InotifyWatches(
                fdinfo: try FileManager.default.contentsOfDirectory(atPath: folder).map {
                    try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)
                }
            ).coverage(of: [.init(inode: UInt64(status.st_ino), device: UInt64(status.st_dev))])
        }
        #expect(try coverage() == .watched)
        if linked { #expect(link(path, directory.file("backup.pem")) == 0) }
        let new = try directory.write("new", to: "new.pem")
        if linked { waitForLine("changed") }
        #expect(rename(new, path) == 0)
        waitForLine(linked ? "changed" : "watching")
        if linked {
            guard case .missing = try coverage() else {
                Issue.record("it watches \(path), which it cannot")
                return
            }
        } else {
            #expect(try coverage() == .watched)
        }
    }

    /// inotify(7) by libc: IN_ATTRIB 4, IN_DELETE_SELF 0x400; each event in a read of its own.
    private static let watcher = """
        import ctypes, os, struct, sys
        libc = ctypes.CDLL(None, use_errno=True)
        path = sys.argv[1].encode()
        fd = libc.inotify_init1(0)
        def watch():
            assert libc.inotify_add_watch(fd, path, 0x404) > 0
            os.write(1, b"watching\\n")
        watch()
        while True:
            data = os.read(fd, 16)
            mask = struct.unpack("iIII", data)[1]
            if mask & 0x400:
                watch()
            elif mask & 4 and os.path.exists(os.path.dirname(path) + b"/backup.pem"):
                os.write(1, b"changed\\n")
        """

    /// The kernel's device number (20 bits of minor) against that of stat(2), which Python computes.
    @Test(arguments: [(8, 1), (259, 66_051), (0, 44)])
    func convertsDeviceNumbers(_ major: Int, _ minor: Int) throws {
        let kernel = String(major << 20 | minor, radix: 16)
        let watches = InotifyWatches(fdinfo: ["inotify wd:1 ino:9e7e sdev:\(kernel) mask:fce ignored_mask:0"])
        let printed = try run("/usr/bin/python3", ["-c", "import os; print(os.makedev(\(major), \(minor)))"])
        let device = try #require(UInt64(printed.stdout.dropLast()))
        #expect(watches.coverage(of: [InotifyWatches.File(inode: 0x9e7e, device: device)]) == .watched)
    }
}
