// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import SystemdBus
@testable import Values

@Suite struct SystemBusTests {
    @Test func readsAUnit() throws {
        let bus = try PrivateBus()
        let systemd = try SystemBus(.address(bus.address))
        let unit = try systemd.unit("kube-apiserver.service")
        var wanted = UnitState()
        wanted.id = "kube-apiserver.service"
        wanted.loadState = "loaded"
        wanted.activeState = "active"
        wanted.subState = "running"
        wanted.fragmentPath = "/etc/systemd/system/kube-apiserver.service"
        wanted.dropInPaths = ["/etc/a.conf", "/etc/b.conf"]
        wanted.needDaemonReload = true
        wanted.mainPID = 4711
        wanted.execStart = [["/usr/bin/kube-apiserver", "--a=b c", "--empty=", "ümlaut"]]
        wanted.execPaths = ["/usr/bin/kube-apiserver"]
        (wanted.result, wanted.execMainStatus) = ("success", -1)
        wanted.execMainStartTimestamp = 1_700_000_000_000_001
        wanted.unitFileState = "disabled"
        wanted.nextElapse = 1_700_000_000_000_003
        wanted.execMainExitTimestamp = 1_700_000_000_000_005
        wanted.invocationID = "000102030405060708090a0b0c0d0e0f"
        #expect(unit == wanted)

        let missing = try systemd.unit("missing.service")
        #expect(missing.loadState == "not-found" && missing.loadError == "gone")
        #expect(missing.fragmentPath == nil && missing.mainPID == nil && missing.execStart.isEmpty)
        // A property with a type that nobody documented is not read as something else.
        #expect(try systemd.unit("retyped.service").mainPID == nil)
        try systemd.daemonReload()
        try systemd.resetFailed("kube-apiserver.service")
        // systemd refuses this for every stopped unit that it does not hold in memory.
        try systemd.resetFailed("missing.service")
    }

    @Test func enablesAndDisables() throws {
        let bus = try PrivateBus()
        let systemd = try SystemBus(.address(bus.address))
        try systemd.enable("one.timer")
        #expect(try systemd.unit("one.timer").unitFileState == "enabled")
        #expect(try systemd.unit("two.timer").unitFileState == "disabled")
        try systemd.disable("one.timer")
        #expect(try systemd.unit("one.timer").unitFileState == "disabled")
        try systemd.disable("one.timer")
        let error = #expect(throws: BusError.self) { try systemd.enable("missing.timer") }
        #expect(error?.operation == "EnableUnitFiles" && error?.subject == "missing.timer")
    }

    @Test func waitsForItsOwnJob() throws {
        let bus = try PrivateBus()
        let systemd = try SystemBus(.address(bus.address))
        let results: [(String, JobResult)] = [
            ("kube-apiserver.service", .done), ("failed.service", .failed), ("canceled.service", .canceled),
            ("timeout.service", .timeout), ("dependency.service", .dependency), ("skipped.service", .skipped),
            ("frozen.service", .other("frozen")),
            // Its job ends before the reply that names the job.
            ("instant.service", .done),
        ]
        for (unit, result) in results {
            #expect(try systemd.restart(unit, timeoutSeconds: 10) == result)
        }
        #expect(try systemd.start("kube-apiserver.service", timeoutSeconds: 10) == .done)
        #expect(try systemd.stop("kube-apiserver.service", timeoutSeconds: 10) == .done)
        // This systemd counts one subscription for all, so a second connection is told that it has one already.
        let second = try SystemBus(.address(bus.address))
        #expect(try second.restart("kube-apiserver.service", timeoutSeconds: 10) == .done)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let unit: String
        let code: BusError.Code
        let text: String
        let hint: String
        var testDescription: String { unit }
    }

    @Test(arguments: [
        Refusal(unit: "denied.service", code: .accessDenied, text: "Permission denied", hint: "polkit"),
        Refusal(unit: "missing.service", code: .noSuchUnit, text: "not found", hint: "list-unit-files"),
        Refusal(unit: "crash.service", code: .noReply, text: "without replying", hint: "not known"),
        Refusal(
            unit: "endless.service", code: .jobRunning, text: "still running after 0 s", hint: "list-jobs"),
    ])
    func tellsWhyARestartFailed(_ refusal: Refusal) throws {
        let bus = try PrivateBus()
        let systemd = try SystemBus(.address(bus.address))
        let error = #expect(throws: BusError.self) {
            try systemd.restart(refusal.unit, timeoutSeconds: 0)
        }
        #expect(error?.code == refusal.code)
        #expect(error?.operation == "RestartUnit" && error?.subject == refusal.unit)
        #expect(error?.underlying.contains(refusal.text) == true, "\(String(describing: error))")
        #expect(error?.hint?.contains(refusal.hint) == true)
        #expect((error?.errorName == nil) == (refusal.code == .jobRunning))
    }

    @Test func tellsWhyNothingAnswers() throws {
        let bus = try PrivateBus(.nobody)
        let absent = #expect(throws: BusError.self) {
            try SystemBus(.address(bus.address)).daemonReload()
        }
        #expect(absent?.code == .unavailable)
        #expect(absent?.errorName == "org.freedesktop.DBus.Error.ServiceUnknown")

        for address in ["unix:path=/nonexistent/bus", "unixexec:path=/bin/false", "nonsense"] {
            let error = #expect(throws: BusError.self) { try SystemBus(.address(address)) }
            #expect(error?.code == .unavailable)
            #expect(error?.description.contains(address) == true)
        }
    }

    @Test func refusesWhatIsNoUnitName() throws {
        let bus = try PrivateBus()
        let systemd = try SystemBus(.address(bus.address))
        let error = #expect(throws: BusError.self) { try systemd.unit("no/unit") }
        #expect(error?.code == .invalidName)
        #expect(error?.underlying == "Unit name no/unit is not valid.")
    }

    /// The way over ssh: a program's standard input and output carry the bus.
    @Test func goesThroughAProgram() throws {
        let bus = try PrivateBus()
        let carrier = try bus.directory.write(
            """
            import socket, sys, threading, os
            os.set_blocking(0, True); os.set_blocking(1, True)
            s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
            def copy(read, write):
                while (data := read(65536)):
                    write(data)
            threading.Thread(target=copy, args=(lambda n: os.read(0, n), s.sendall), daemon=True).start()
            copy(s.recv, lambda data: os.write(1, data))
            """, to: "carrier.py")
        let socket = bus.directory.file("bus")
        let address = "unixexec:path=/usr/bin/python3,argv1=\(carrier),argv2=\(socket)"
        let systemd = try SystemBus(.address(address))
        #expect(try systemd.unit("kube-apiserver.service").mainPID == 4711)
        #expect(try systemd.restart("kube-apiserver.service", timeoutSeconds: 10) == .done)
    }
}
