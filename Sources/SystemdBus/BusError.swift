// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// What can go wrong with systemd.
package enum BusErrorCode: String, ErrorCode {
    /// No bus answers at the address.
    case unavailable = "bus/unavailable"
    /// The caller may not do that.
    case accessDenied = "bus/access-denied"
    /// systemd did not answer in time, or the connection broke before it did: what it did is not known.
    case noReply = "bus/no-reply"
    case noSuchUnit = "bus/no-such-unit"
    /// The text is not a unit name.
    case invalidName = "bus/invalid-name"
    /// The wait for a job ended before the job did; the job goes on.
    case jobRunning = "bus/job-running"
    /// Any other refusal; `errorName` says which.
    case refused = "bus/refused"
    /// The answer does not have the form that systemd documents.
    case malformed = "bus/malformed"
}

/// Why systemd could not be asked, or why it refused.
package typealias BusError = CodedError<BusErrorCode>

extension BusError {
    /// The error of an sd-bus function, which returns a negative `errno` value.
    static func system(_ result: Int32, _ operation: Message, _ subject: String) -> BusError {
        let number = result == Int32.min ? EIO : abs(result)
        let text = Message(system: strerror(number))
        switch number {
        case ECONNRESET, ENOTCONN, EPIPE, ESHUTDOWN:
            return BusError(
                .noReply, operation: operation, subject: subject,
                underlying: "the bus connection broke: \(text)",
                hint: unknownOutcome)
        case ETIMEDOUT:
            return BusError(
                .noReply, operation: operation, subject: subject, underlying: text, hint: unknownOutcome)
        case EBADMSG:
            return BusError(.malformed, operation: operation, subject: subject, underlying: text)
        default:
            return BusError(.refused, operation: operation, subject: subject, underlying: text)
        }
    }

    /// The error of a connection that never came up.
    static func unavailable(_ result: Int32, _ address: BusAddress) -> BusError {
        let number = result == Int32.min ? EIO : abs(result)
        let hint: Message
        switch (address, number) {
        case (.system, ENOENT), (.system, ECONNREFUSED):
            hint =
                "systemd is not the init system here, or /run/dbus/system_bus_socket is missing; "
                + "start dbus, or run this on the node itself"
        case (_, EACCES), (_, EPERM): hint = "run it as root"
        case (.system, _): hint = "look at `systemctl status dbus`"
        case (.address, _), (.descriptor, _):
            hint = "the connection to that bus (ssh, a socket) ended before the bus answered"
        }
        return BusError(
            .unavailable, operation: "connect to", subject: address.message,
            underlying: Message(system: strerror(number)), hint: hint)
    }

    /// The error that systemd or the bus replied with.
    static func reply(name: String, message: Message, _ operation: Message, _ subject: String) -> BusError {
        let (code, hint) = meaning(of: name)
        return BusError(
            code, operation: operation, subject: subject, underlying: message, origin: .busError(name),
            hint: hint)
    }

    private static var unknownOutcome: Message {
        "it is not known what systemd did: look at `systemctl status`, then run it again"
    }

    private static func meaning(of name: String) -> (Code, Message?) {
        switch name {
        case "org.freedesktop.DBus.Error.AccessDenied",
            "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired":
            (.accessDenied, "run it as root, or give the user a polkit rule for org.freedesktop.systemd1")
        case "org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Timeout",
            "org.freedesktop.DBus.Error.TimedOut", "org.freedesktop.DBus.Error.Disconnected":
            (.noReply, unknownOutcome)
        case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner":
            (.unavailable, "the bus answers, but systemd is not on it: systemd is not the init system here")
        case "org.freedesktop.systemd1.NoSuchUnit": (.noSuchUnit, "look at `systemctl list-unit-files`")
        case "org.freedesktop.DBus.Error.InvalidArgs": (.invalidName, nil)
        case "org.freedesktop.systemd1.BadUnitSetting":
            (.refused, "run `systemd-analyze verify` on the unit to see what is wrong with its files")
        case "org.freedesktop.systemd1.UnitMasked":
            (.refused, "the unit is masked: run `systemctl unmask` if it must run")
        default: (.refused, nil)
        }
    }
}
