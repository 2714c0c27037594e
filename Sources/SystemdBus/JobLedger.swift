// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Values

/// The jobs that have ended, by object path, with systemd's word for how.
final class JobLedger {
    var results: [String: String] = [:]

    /// Signal JobRemoved(u id, o job, s unit, s result).
    static let receive: sd_bus_message_handler_t = { message, context, _ in
        guard let message, let context else { return 0 }
        let signal = BusMessage(
            owning: sd_bus_message_ref(message), operation: "JobRemoved", subject: "systemd")
        let ledger = Unmanaged<JobLedger>.fromOpaque(context).takeUnretainedValue()
        do throws(BusError) {
            _ = try signal.readInteger("u") as UInt32
            let job = try signal.readText("o")
            _ = try signal.readText()
            ledger.results[job] = try signal.readText()
        } catch {
            // A signal of another form is not ours; the wait for our job then ends with its timeout.
        }
        return 0
    }
}
