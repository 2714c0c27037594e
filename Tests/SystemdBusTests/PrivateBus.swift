// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemdBus
import TestSupport
import Values

/// A real dbus-daemon of our own with a small systemd on it (Debian: dbus-daemon, python3-dbus, python3-gi).
final class PrivateBus {
    enum Occupant { case systemd, nobody }

    let directory: TemporaryDirectory
    private var programs: [Process] = []

    /// D-Bus address.
    var address: String { "unix:path=\(directory.file("bus"))" }

    init(_ occupant: Occupant = .systemd) throws {
        directory = try TemporaryDirectory()
        try directory.write(
            """
            <busconfig><type>session</type><listen>\(address)</listen><policy context="default">
            <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
            </policy></busconfig>
            """, to: "bus.conf")
        try start(
            [
                "/usr/bin/dbus-daemon", "--nofork", "--print-address",
                "--config-file=\(directory.file("bus.conf"))",
            ])
        guard occupant == .systemd else { return }
        let script = try directory.write(smallSystemd, to: "systemd.py")
        try start(["/usr/bin/python3", script, address])
    }

    // A child of the test runner has SIGTERM blocked, so nothing less ends it.
    deinit { for program in programs { kill(program.processIdentifier, SIGKILL) } }

    /// Starts a program and waits for its first line, which each of them writes once it is ready.
    private func start(_ command: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        programs.append(process)
        guard !output.fileHandleForReading.availableData.isEmpty else { throw CocoaError(.executableLoad) }
    }
}

/// Answers as org.freedesktop.systemd1(5) says; what a unit does is in its name.
private let smallSystemd = #"""
    import os, sys
    import dbus, dbus.bus, dbus.lowlevel, dbus.mainloop.glib, dbus.service
    from gi.repository import GLib

    MANAGER, PROPERTIES = "org.freedesktop.systemd1.Manager", "org.freedesktop.DBus.Properties"
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.bus.BusConnection(sys.argv[1])

    enabled = set()

    class Refused(dbus.DBusException):
        def __init__(self, name, text):
            super().__init__(text, name=name)

    def properties(unit):
        state = "not-found" if unit.startswith("missing") else "loaded"
        command = ["/usr/bin/kube-apiserver", "--a=b c", "--empty=", "ümlaut"]
        zero = dbus.UInt64(0)
        start = dbus.Struct(("/usr/bin/kube-apiserver", dbus.Array(command, "s"), False, zero, zero, zero, zero,
                             dbus.UInt32(0), dbus.Int32(0), dbus.Int32(0)), signature="sasbttttuii")
        found = state == "loaded"
        return {
            "Id": unit, "LoadState": state,
            "LoadError": dbus.Struct(("", "") if found else ("org.freedesktop.systemd1.NoSuchUnit", "gone"),
                                     signature="ss"),
            "ActiveState": "active" if found else "inactive", "SubState": "running" if found else "dead",
            "FragmentPath": "/etc/systemd/system/" + unit if found else "",
            "DropInPaths": dbus.Array(["/etc/a.conf", "/etc/b.conf"] if found else [], "s"),
            "NeedDaemonReload": dbus.Boolean(found), "MainPID": dbus.UInt32(4711 if found else 0),
            "ExecStart": dbus.Array([start] if found else [], "(sasbttttuii)"),
            "Environment": dbus.Array(["A=1", "B=x y"], "s"),
            "EnvironmentFiles": dbus.Array([dbus.Struct(("/etc/env", dbus.Boolean(True)), signature="sb")], "(sb)"),
            "User": "kube", "Group": "kube-cert", "Type": "notify", "Result": "success",
            "NRestarts": dbus.UInt32(3), "ExecMainStatus": dbus.Int32(-1),
            "ExecMainStartTimestamp": dbus.UInt64(1700000000000001),
            "ActiveEnterTimestamp": dbus.UInt64(1700000000000002),
            "UnitFileState": ("enabled" if unit in enabled else "disabled") if found else "",
            "NextElapseUSecRealtime": dbus.UInt64(1700000000000003),
            "LastTriggerUSec": dbus.UInt64(1700000000000004),
            "ExecMainExitTimestamp": dbus.UInt64(1700000000000005),
            "InvocationID": dbus.ByteArray(bytes(range(16))),
            # What a newer systemd may change: a known name with another type, and an unknown name.
            "Unknown": dbus.Struct((dbus.Dictionary({"a": 1}, "sv"), 2), signature="a{sv}i"),
        }

    class Unit(dbus.service.Object):
        def __init__(self, name, path):
            super().__init__(bus, path)
            self.name = name
        @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
        def GetAll(self, interface):
            values = properties(self.name)
            if self.name.startswith("retyped"):
                values["MainPID"] = "three"
            return dbus.Dictionary(values, "sv")

    class Manager(dbus.service.Object):
        subscribed, jobs, units = False, 0, {}
        @dbus.service.method(MANAGER, in_signature="s", out_signature="o")
        def LoadUnit(self, name):
            if "/" in name or "." not in name:
                raise Refused("org.freedesktop.DBus.Error.InvalidArgs", "Unit name %s is not valid." % name)
            path = "/org/freedesktop/systemd1/unit/u%s" % name.encode().hex()
            if path not in self.units:
                self.units[path] = Unit(name, path)
            return dbus.ObjectPath(path)
        @dbus.service.method(MANAGER)
        def Subscribe(self):
            if self.subscribed:
                raise Refused("org.freedesktop.systemd1.AlreadySubscribed", "Client is already subscribed.")
            self.subscribed = True
        @dbus.service.method(MANAGER)
        def Reload(self):
            pass
        @dbus.service.method(MANAGER, in_signature="s")
        def ResetFailedUnit(self, name):
            if name.startswith("missing"):
                raise Refused("org.freedesktop.systemd1.NoSuchUnit", "Unit %s not loaded." % name)
        @dbus.service.method(MANAGER, in_signature="asbb", out_signature="ba(sss)")
        def EnableUnitFiles(self, names, runtime, force):
            if runtime or force or any(name.startswith("missing") for name in names):
                raise Refused("org.freedesktop.DBus.Error.FileNotFound", "Unit file %s does not exist." % names[0])
            enabled.update(names)
            return True, dbus.Array([("symlink", "/etc/a", "/etc/b")], "(sss)")
        @dbus.service.method(MANAGER, in_signature="asb", out_signature="a(sss)")
        def DisableUnitFiles(self, names, runtime):
            enabled.difference_update([] if runtime else names)
            return dbus.Array([], "(sss)")
        @dbus.service.signal(MANAGER, signature="uoss")
        def JobRemoved(self, number, job, unit, result):
            pass
        def run(self, name, mode):
            word = name.split(".")[0].split("-")[0]
            if mode != "replace":
                raise Refused("org.freedesktop.systemd1.JobTypeNotApplicable", mode)
            if word == "denied":
                raise Refused("org.freedesktop.DBus.Error.AccessDenied", "Permission denied")
            if word == "missing":
                raise Refused("org.freedesktop.systemd1.NoSuchUnit", "Unit %s not found." % name)
            if word == "crash":
                os._exit(1)
            self.jobs += 2
            job = dbus.ObjectPath("/org/freedesktop/systemd1/job/%d" % self.jobs)
            other = dbus.ObjectPath("/org/freedesktop/systemd1/job/%d" % (self.jobs + 1))
            def end():
                if self.subscribed:
                    self.JobRemoved(self.jobs + 1, other, "other.service", "failed")
                    self.JobRemoved(self.jobs, job, name, "done" if word in ("instant", "kube") else word)
                return False
            if word == "instant":
                end()
            elif word != "endless":
                GLib.timeout_add(20, end)
            return job
        @dbus.service.method(MANAGER, in_signature="ss", out_signature="o")
        def RestartUnit(self, name, mode):
            return self.run(name, mode)
        @dbus.service.method(MANAGER, in_signature="ss", out_signature="o")
        def StartUnit(self, name, mode):
            return self.run(name, mode)
        @dbus.service.method(MANAGER, in_signature="ss", out_signature="o")
        def StopUnit(self, name, mode):
            return self.run(name, mode)

    name = dbus.service.BusName("org.freedesktop.systemd1", bus)
    manager = Manager(bus, "/org/freedesktop/systemd1")
    print("ready", flush=True)
    GLib.MainLoop().run()
    """#
