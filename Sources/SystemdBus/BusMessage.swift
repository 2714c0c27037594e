// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Values

/// One D-Bus message that is released when it goes out of scope; reading moves a cursor within it.
///
/// Type signatures are those of the D-Bus specification: `s` text, `o` object path, `as` array of texts.
struct BusMessage: ~Copyable {
    let pointer: OpaquePointer
    let operation: Message
    let subject: String

    init(owning pointer: OpaquePointer, operation: Message, subject: String) {
        self.pointer = pointer
        self.operation = operation
        self.subject = subject
    }

    deinit { sd_bus_message_unref(pointer) }

    private func check(_ result: Int32) throws(BusError) -> Int32 {
        guard result >= 0 else { throw .system(result, operation, subject) }
        return result
    }

    func append(_ text: String) throws(BusError) {
        let result = text.withCString { sd_bus_message_append_basic(pointer, CChar(bitPattern: 0x73), $0) }
        _ = try check(result)
    }

    /// Adds a `b`, which D-Bus carries in 32 bits.
    func append(_ flag: Bool) throws(BusError) {
        var value: Int32 = flag ? 1 : 0
        _ = try check(sd_bus_message_append_basic(pointer, CChar(bitPattern: 0x62), &value))
    }

    /// Adds an `as`.
    func append(_ texts: [String]) throws(BusError) {
        _ = try check(sd_bus_message_open_container(pointer, CChar(bitPattern: 0x61), "s"))
        for text in texts { try append(text) }
        _ = try check(sd_bus_message_close_container(pointer))
    }

    /// The next value, which must be a text (`s`) or an object path (`o`).
    func readText(_ type: Unicode.Scalar = "s") throws(BusError) -> String {
        guard let text = try readTextUnlessEnd(type) else { throw malformed("it ends too early") }
        return text
    }

    private func readTextUnlessEnd(_ type: Unicode.Scalar) throws(BusError) -> String? {
        var text: UnsafePointer<CChar>?
        let more = try check(sd_bus_message_read_basic(pointer, CChar(truncatingIfNeeded: type.value), &text))
        return more > 0 ? text.map { String(cString: $0) } : nil
    }

    /// The next value, which must be of the fixed-size D-Bus type `type` and of `Value`'s size.
    func readInteger<Value: FixedWidthInteger>(_ type: Unicode.Scalar) throws(BusError) -> Value {
        var value: Value = 0
        let more = try check(
            sd_bus_message_read_basic(pointer, CChar(truncatingIfNeeded: type.value), &value))
        guard more > 0 else { throw malformed("it ends too early") }
        return value
    }

    /// The next value (`b`), which D-Bus carries in 32 bits.
    func readBoolean() throws(BusError) -> Bool { try readInteger("b") as Int32 != 0 }

    /// The next value (`as`).
    func readTexts() throws(BusError) -> [String] {
        var texts: [String] = []
        try entering("a", "s") { (message) throws(BusError) in
            while let text = try message.readTextUnlessEnd("s") { texts.append(text) }
        }
        return texts
    }

    /// The next value (`ay`).
    func readBytes() throws(BusError) -> [UInt8] {
        var start: UnsafeRawPointer?
        var count = 0
        _ = try check(sd_bus_message_read_array(pointer, CChar(bitPattern: 0x79), &start, &count))
        return start.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) } ?? []
    }

    /// Calls `element` within each element of the next value, an array of containers (`r` struct, `e` dictionary
    /// entry) of the type `contents`.
    func readEach(
        _ container: Unicode.Scalar, _ contents: String,
        _ element: (borrowing BusMessage) throws(BusError) -> Void
    ) throws(BusError) {
        let (open, close) = container == "e" ? ("{", "}") : ("(", ")")
        try entering("a", open + contents + close) { (message) throws(BusError) in
            while try message.check(sd_bus_message_at_end(message.pointer, 0)) == 0 {
                try message.entering(container, contents, element)
            }
        }
    }

    /// Calls `body` inside the next value, a container of the type `contents`, and leaves it.
    func entering(
        _ container: Unicode.Scalar, _ contents: String,
        _ body: (borrowing BusMessage) throws(BusError) -> Void
    ) throws(BusError) {
        let type = CChar(truncatingIfNeeded: container.value)
        let entered = try check(sd_bus_message_enter_container(pointer, type, contents))
        guard entered > 0 else { throw malformed("it ends too early") }
        try body(self)
        _ = try check(sd_bus_message_exit_container(pointer))
    }

    /// The type inside the next value, which must be a variant; nil where it is none.
    func variantType() throws(BusError) -> String? {
        var type = CChar(0)
        var contents: UnsafePointer<CChar>?
        let more = try check(sd_bus_message_peek_type(pointer, &type, &contents))
        guard more > 0, type == CChar(bitPattern: 0x76) else { return nil }
        return contents.map { String(cString: $0) }
    }

    func skip(_ types: String) throws(BusError) { _ = try check(sd_bus_message_skip(pointer, types)) }

    func malformed(_ why: Message) -> BusError {
        BusError(.malformed, operation: operation, subject: subject, underlying: "unexpected reply: \(why)")
    }
}
