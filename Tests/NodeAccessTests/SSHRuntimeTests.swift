// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import LocalFiles
@testable import NodeAccess

@Suite struct SSHRuntimeTests {
    /// In another container with the same /tmp, a process that lives looks like one that does not.
    @Test func onlyWhatNobodyUsesIsRemoved() throws {
        let path = "/tmp/aggbootstrap-ssh-\(geteuid())-2147483647-\(getpid())"
        #expect(mkdir(path, 0o700) == 0)
        defer { rmdir(path) }
        var lock = try AdvisoryLock.onDirectory(path)
        #expect(lock != nil)
        _ = try SSHRuntime()
        #expect(try FileStatus.of(path) != nil, "it is in use")
        lock = nil
        _ = try SSHRuntime()
        #expect(try FileStatus.of(path) == nil)
    }

    @Test func itsOwnIsLocked() throws {
        let prefix = "aggbootstrap-ssh-\(geteuid())-\(getpid())-"
        let before = Set(try FileReader.list("/tmp"))
        let runtime = try SSHRuntime()
        let now = try FileReader.list("/tmp")
        let own = try #require(now.first { $0.hasPrefix(prefix) && !before.contains($0) })
        #expect(throws: NodeError.self) { _ = try AdvisoryLock.onDirectory("/tmp/\(own)") }
        withExtendedLifetime(runtime) {}
    }
}
