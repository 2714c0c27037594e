// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import ControlPlane
@testable import NodeAccess
@testable import Spec

/// How a process reads files, against tail(1), which watches the two that it is given, and sleep(1), which watches none.
@Suite struct CertificateReloadTests {
    private static let watching = KubernetesVersion(major: 1, minor: 30)
    private let directory: TemporaryDirectory
    private let paths: [String]

    init() throws {
        directory = try TemporaryDirectory()
        paths = try ["a", "b", "c"].map { [directory] in try directory.write("\($0)\n", to: $0) }
    }

    @Test func tellsAMissedChangeFromAWatchThatWasNeverSet() async throws {
        let tail = try start("/usr/bin/tail", ["-q", "-n", "+1", "-f", paths[0], paths[1]])
        defer { end(tail) }
        let deadline = ContinuousClock.now + .seconds(10)
        while try await reading(of: [paths[0], paths[1]], by: tail) != .byWatch,
            ContinuousClock.now < deadline
        {}
        #expect(try await reading(of: [paths[0], paths[1]], by: tail) == .byWatch)
        #expect(try await reading(of: [paths[0]], by: tail, version: nil) == .byWatch)
        #expect(
            try await reading(of: [paths[0], directory.file("d")], by: tail) == .absent([directory.file("d")])
        )
        // Everything that is watched is a file of its command line.
        #expect(try await reading(of: [paths[0], paths[2]], by: tail) == .byTime)
        // It holds the file open that was there before, and watches that.
        #expect(rename(try directory.write("new\n", to: "new"), paths[0]) == 0)
        #expect(try await reading(of: [paths[0], paths[1]], by: tail) == .missing([paths[0]]))
        #expect(try await reading(of: [paths[0]], by: tail, version: nil) == .missing([paths[0]]))
        #expect(
            try await reading(of: [paths[0]], by: tail, version: .init(major: 1, minor: 22)) == .byTime)
    }

    @Test func isNotSatisfiedWithAnotherProgramThatWatchesNothing() async throws {
        let sleep = try start("/usr/bin/sleep", ["7200"])
        #expect(try await reading(of: paths, by: sleep) == .missing(paths))
        #expect(try await reading(of: paths, by: sleep, version: nil) == .byTime)
        // The same program under the name that counts.
        let other = directory.file("kube-apiserver")
        try FileManager.default.copyItem(atPath: "/usr/bin/sleep", toPath: other)
        let named = try start(other, ["7200"])
        defer { end(named) }
        #expect(try await reading(of: paths, by: named) == .byTime)
        end(sleep)
        #expect(try await reading(of: paths, by: sleep) == nil)
    }

    private func reading(
        of paths: [String], by process: Process, version: KubernetesVersion? = watching
    ) async throws -> CertificateReload? {
        try await CertificateReload.of(
            paths, by: Int(process.processIdentifier), version: version, on: LocalTransport())
    }

    private func start(_ program: String, _ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func end(_ process: Process) {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
