// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc
import Values

/// One sd-bus connection, closed when it goes out of scope; used by one thread at a time.
///
/// Calls are asynchronous inside with a wait around them, because sd-bus's own blocking call gives up when a signal
/// interrupts it, and then nobody knows whether the call was carried out.
struct BusConnection: ~Copyable {
    private let bus: OpaquePointer
    private var jobs: JobLedger?

    private init(owning bus: OpaquePointer) { self.bus = bus }

    /// Connects, and waits until the bus has given us a name.
    static func connected(to address: BusAddress) throws(BusError) -> BusConnection {
        var opened: OpaquePointer?
        let result =
            switch address {
            case .system: sd_bus_open_system(&opened)
            case .address(let text): open(&opened) { sd_bus_set_address($0, text) }
            case .descriptor(let number, _): open(&opened) { sd_bus_set_fd($0, number, number) }
            }
        guard result >= 0, let opened else { throw .unavailable(result, address) }
        let connection = BusConnection(owning: opened)
        // Connecting goes on in the background; asking for our own name waits for its end.
        var name: UnsafePointer<CChar>?
        var ready = sd_bus_get_unique_name(opened, &name)
        while ready == -EINTR { ready = sd_bus_get_unique_name(opened, &name) }
        guard ready >= 0 else { throw .unavailable(ready, address) }
        return connection
    }

    deinit {
        // The bus forgets our subscription and matches with the connection. `flush` would wait for a dead peer.
        sd_bus_close(bus)
        sd_bus_unref(bus)
    }

    private static func open(_ opened: inout OpaquePointer?, _ setAddress: (OpaquePointer?) -> Int32) -> Int32
    {
        var bus: OpaquePointer?
        var result = sd_bus_new(&bus)
        guard result >= 0 else { return result }
        result = setAddress(bus)
        if result >= 0 { result = sd_bus_set_bus_client(bus, 1) }
        if result >= 0 { result = sd_bus_start(bus) }
        if result < 0 { sd_bus_close(bus); sd_bus_unref(bus) } else { opened = bus }
        return result
    }

    /// Calls a method of systemd with text arguments and waits for its reply.
    ///
    /// - Parameter timeout: microseconds; 0 is sd-bus's default (25 s).
    func call(
        _ method: String, of interface: String = managerInterface, path: String = managerPath,
        _ arguments: [String],
        subject: String, timeout: UInt64 = 0
    ) throws(BusError) -> BusMessage {
        try call(method, of: interface, path: path, subject: subject, timeout: timeout) {
            (message) throws(BusError) in for argument in arguments { try message.append(argument) }
        }
    }

    /// As above, with whatever arguments `fill` appends.
    func call(
        _ method: String, of interface: String = managerInterface, path: String = managerPath,
        subject: String, timeout: UInt64 = 0, fill: (borrowing BusMessage) throws(BusError) -> Void
    ) throws(BusError) -> BusMessage {
        let operation = Message(verbatim: method)
        var created: OpaquePointer?
        let made = sd_bus_message_new_method_call(bus, &created, managerName, path, interface, method)
        guard made >= 0, let created else { throw .system(made, operation, subject) }
        let message = BusMessage(owning: created, operation: operation, subject: subject)
        try fill(message)
        let reply = PendingReply()
        var slot: OpaquePointer?
        let sent = sd_bus_call_async(
            bus, &slot, message.pointer, PendingReply.receive, Unmanaged.passUnretained(reply).toOpaque(),
            timeout)
        guard sent >= 0 else { throw .system(sent, operation, subject) }
        defer { sd_bus_slot_unref(slot) }
        while reply.message == nil {
            _ = try step(until: nil, operation, subject)
        }
        guard let received = reply.take() else {
            throw BusError(
                .malformed, operation: operation, subject: subject, underlying: "the reply got lost")
        }
        let answer = BusMessage(owning: received, operation: operation, subject: subject)
        try Self.throwError(in: answer)
        return answer
    }

    private static func throwError(in reply: borrowing BusMessage) throws(BusError) {
        guard sd_bus_message_is_method_error(reply.pointer, nil) > 0 else { return }
        let error = sd_bus_message_get_error(reply.pointer)?.pointee
        let name = error?.name.map { String(cString: $0) } ?? "no error name"
        let message = error?.message.map { String(cString: $0) } ?? name
        throw .reply(name: name, message: Message(verbatim: message), reply.operation, reply.subject)
    }

    /// Handles what has arrived, or waits for something to arrive.
    ///
    /// - Parameter deadline: microseconds of the monotonic clock; nil waits as long as sd-bus's own timeouts say.
    /// - Returns: false once the deadline has passed.
    private func step(until deadline: UInt64?, _ operation: Message, _ subject: String) throws(BusError)
        -> Bool
    {
        let handled = sd_bus_process(bus, nil)
        if handled > 0 || handled == -EINTR { return true }
        guard handled == 0 else { throw .system(handled, operation, subject) }
        var wait = UInt64.max
        if let deadline {
            let now = Self.monotonicMicroseconds()
            guard now < deadline else { return false }
            wait = deadline - now
        }
        let woken = sd_bus_wait(bus, wait)
        guard woken >= 0 || woken == -EINTR else { throw .system(woken, operation, subject) }
        return true
    }

    /// Enqueues a job with `method` and waits for its end.
    ///
    /// The match comes before the call: a job may end before the reply that names it is read.
    mutating func runJob(_ method: String, _ unit: String, timeoutSeconds: Int) throws(BusError) -> JobResult
    {
        let ledger = try subscribe()
        defer { ledger.results.removeAll() }
        let deadline =
            Self.monotonicMicroseconds() + UInt64(max(0, min(timeoutSeconds, 1_000_000))) * 1_000_000
        let job = try call(method, [unit, "replace"], subject: unit).readText("o")
        while true {
            if let result = ledger.results[job] { return JobResult(result) }
            guard try step(until: deadline, Message(verbatim: method), unit) else {
                throw BusError(
                    .jobRunning, operation: Message(verbatim: method), subject: unit,
                    underlying: "systemd's job \(job) is still running after \(timeoutSeconds) s",
                    hint:
                        "the job continues: look at `systemctl list-jobs` and `systemctl status \(unit)`")
            }
        }
    }

    private mutating func subscribe() throws(BusError) -> JobLedger {
        if let jobs { return jobs }
        let ledger = JobLedger()
        let matched = sd_bus_match_signal_async(
            bus, nil, managerName, managerPath, managerInterface, "JobRemoved", JobLedger.receive, nil,
            Unmanaged.passUnretained(ledger).toOpaque())
        guard matched >= 0 else { throw .system(matched, "AddMatch", "JobRemoved") }
        // From here on the bus holds a reference to it, so it must live as long as the connection.
        jobs = ledger
        do { _ = try call("Subscribe", [], subject: "systemd") } catch {
            guard error.errorName == "org.freedesktop.systemd1.AlreadySubscribed" else { throw error }
        }
        return ledger
    }

    private static func monotonicMicroseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1_000
    }
}

private let managerName = "org.freedesktop.systemd1"
private let managerPath = "/org/freedesktop/systemd1"
private let managerInterface = "org.freedesktop.systemd1.Manager"
