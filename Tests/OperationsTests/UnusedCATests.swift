// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import LocalFiles
@testable import Operations
@testable import PKI
@testable import Planning
@testable import StateStore
@testable import Values

/// A CA's file that was left on a control plane where no kube-apiserver uses it: what is said of it, and the way out.
@Suite struct UnusedCATests {
    private static let file = "/etc/kubernetes/ssl/aggregator-ca.pem"

    @Test func oneThatWasMadeElsewhere() async throws {
        let theirs = try FakeAuthority("theirs").certificate.pem
        let fleet = try FakeFleet(setup: FakeSetup(files: ["aggregator-ca.pem": theirs]))
        let files = fleet.files
        let report = try #require(await fleet.failure())
        #expect(report.code == "plan/unused-ca" && report.message.contains("CN=theirs"), "\(report)")
        #expect(report.hint?.contains("mv \(Self.file) \(Self.file).old") == true, "\(report.hint ?? "")")
        // It is not sent there, and from there it is not sent in a circle.
        #expect(report.hint?.contains("rotate --ca") == false)
        let rotation = await FakeFleet.report { try await fleet.rotate() }
        #expect(rotation?.code == "rotation/no-aggregation", "\(rotation?.message ?? "done")")
        #expect(rotation?.hint == "run init first", "\(rotation?.hint ?? "")")
        #expect(fleet.files == files, "nothing was replaced")
        // The way out.
        for machine in fleet.machines {
            let moved = try run("mv", [machine.root + Self.file, machine.root + Self.file + ".old"])
            #expect(moved.status == 0)
        }
        try await fleet.converge()
        #expect(try await fleet.isConverged && fleet.allAreNew && fleet.faultsSeen.isEmpty)
    }

    /// Nobody uses it, and the state knows it: the plan shows that the newer one takes its place.
    @Test func anEarlierOneOfTheState() async throws {
        let fleet = try FakeFleet()
        try await fleet.converge()
        let earlier = try #require(fleet.machines[0].file("aggregator-ca.pem"))
        try await fleet.rotate()
        try await fleet.uninstall()
        for machine in fleet.machines {
            try fleet.directory.write(String(decoding: earlier, as: UTF8.self), to: machine.name + Self.file)
        }
        let report = await fleet.failure()
        #expect(report == nil, "\(report?.message ?? "")")
        #expect(try await fleet.isConverged && fleet.allAreNew && fleet.faultsSeen.isEmpty)
    }

    /// As long as the flags name it, it is in use: running, or in a file that the next start reads.
    @Test func oneThatIsInUse() async throws {
        let fleet = try FakeFleet(setup: .otherName())
        #expect(await fleet.failure()?.code == "plan/foreign-ca")
        let waiting = try FakeFleet(
            setup: FakeSetup(files: ["aggregator-ca.pem": FakeAuthority("theirs").certificate.pem]))
        for machine in waiting.machines {
            try waiting.directory.write(
                "[Service]\nExecStart=\nExecStart=/usr/bin/kube-apiserver --requestheader-client-ca-file=\(Self.file)\n",
                to: "\(machine.name)/etc/systemd/system/kube-apiserver.service.d/10-own.conf")
            machine.systemd.daemonReload()
        }
        #expect(await waiting.failure()?.code != "plan/unused-ca")
    }
}
