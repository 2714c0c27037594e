// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import SystemdUnits
@testable import Values

/// The service and the timer of `schedule install`.
@Suite struct ScheduleUnitsTests {
    private static func request(_ change: (inout ScheduleUnits.Request) -> Void = { _ in })
        -> ScheduleUnits.Request
    {
        var request = ScheduleUnits.Request(
            cluster: "lab", command: ["/usr/local/bin/aggbootstrap", "rotate", "--if-due", "--yes"],
            writable: ["/var/lib/aggbootstrap/lab"])
        change(&request)
        return request
    }

    /// The lines of one setting.
    private static func values(_ key: String, _ unit: UnitText) throws -> [String] {
        try UnitFile.parse(unit).assignments.filter { $0.key == key }.map(\.value)
    }

    @Test func whatTheySay() throws {
        let units = try ScheduleUnits.render(
            Self.request { $0.passphraseFile = "/root/50% sure" })
        #expect(units.service.path == "/etc/systemd/system/aggbootstrap-lab.service")
        #expect(units.timer.path == "/etc/systemd/system/aggbootstrap-lab.timer")
        #expect(
            try Self.values("ExecStart", units.service)
                == ["/usr/local/bin/aggbootstrap rotate --if-due --yes"])
        #expect(
            try Self.values("LoadCredential", units.service)
                == ["aggbootstrap-passphrase:/root/50%% sure"])
        #expect(try Self.values("ReadWritePaths", units.service) == ["-/var/lib/aggbootstrap/lab"])
        #expect(
            try Self.values("CapabilityBoundingSet", units.service) == ["CAP_DAC_READ_SEARCH CAP_SYS_NICE"])
        #expect(try Self.values("RuntimeDirectory", units.service) == [])
        #expect(try Self.values("OnCalendar", units.timer) == ["daily"])
        #expect(try Self.values("Persistent", units.timer) == ["true"])
        for unit in [units.service, units.timer] {
            #expect(ScheduleUnits.isOurs(Array(unit.text.utf8)))
            #expect(!unit.text.contains("{{") && unit.text.hasSuffix("\n"))
        }
        #expect(!ScheduleUnits.isOurs(Array("[Service]\n".utf8)) && !ScheduleUnits.isOurs([]))
        // The words of earlier versions.
        let earlier =
            "# Written by aggbootstrap schedule, which writes it anew: put changes of your own into a drop-in.\n"
        #expect(ScheduleUnits.isOurs(Array(earlier.utf8)))
    }

    @Test func withoutAPassphraseThereIsNoCredential() throws {
        #expect(try Self.values("LoadCredential", ScheduleUnits.render(Self.request()).service) == [])
    }

    @Test func onAControlPlaneItMayDoMore() throws {
        let service = try ScheduleUnits.render(
            Self.request {
                $0.onControlPlane = true
                $0.writable += ["/etc/kubernetes/ssl", "/etc/a b"]
            }
        ).service
        #expect(
            try Self.values("ReadWritePaths", service)
                == [#"-/var/lib/aggbootstrap/lab -/etc/kubernetes/ssl "-/etc/a b""#])
        #expect(try Self.values("RuntimeDirectoryPreserve", service) == ["yes"])
        #expect(try Self.values("CapabilityBoundingSet", service)[0].contains("CAP_SYS_PTRACE"))
    }

    /// systemd itself runs exactly what was asked for.
    @Test func whatIsSpecialInUnitsComesOutAsItWentIn() throws {
        let arguments = ["rotate", "--spec", "/root/my clusters/50%i $HOME \"x\" \\ ;'.json", ";", "", "#"]
        let units = try ScheduleUnits.render(
            Self.request {
                $0.command = ["/opt/agg tool/aggbootstrap"] + arguments
                $0.writable = ["/var/lib/50%i \"x\" \\y"]
            })
        let effective = try EffectiveService(unit: units.service.fileName, sources: [units.service])
        let command = try effective.command(unit: "u").expand(environment: effective.environment)
        #expect(command.texts == ["/opt/agg tool/aggbootstrap"] + arguments)
        guard SystemdOracle.isThere else { return }
        let name = "aggbootstrap-lab.service"
        let loaded = try SystemdOracle.load([name: Array(units.service.text.utf8)])[name]
        #expect(loaded?.loadState == "loaded")
        // Its dump has $$ as it is written; what it runs has one.
        let words = loaded?.commands.first ?? []
        #expect(
            words.map { $0.replacing("$$", with: "$") } == ["/opt/agg tool/aggbootstrap"] + arguments)
    }

    @Test(
        arguments: [
            { (request: inout ScheduleUnits.Request) in request.passphraseFile = "/root/a\nUser=x" },
            { $0.passphraseFile = "/root/a\\" }, { $0.passphraseFile = "/root/a " },
            { $0.passphraseFile = "" },
            { $0.calendar = "daily\nOnBootSec=1" }, { $0.calendar = "" },
            { $0.command = ["/a\nb"] }, { $0.command = ["relative"] }, { $0.command = [] },
            { $0.command.append("a\rb") }, { $0.writable = ["/a\nb"] },
        ] as [@Sendable (inout ScheduleUnits.Request) -> Void])
    func whatWouldNotComeOutIsRefused(change: @Sendable (inout ScheduleUnits.Request) -> Void) {
        let error = #expect(throws: UnitError.self) { try ScheduleUnits.render(Self.request(change)) }
        #expect(error?.code == .unsafeValue)
    }
}
