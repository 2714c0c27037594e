// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// The reply that one call waits for.
final class PendingReply {
    private(set) var message: OpaquePointer?

    deinit { if let message { sd_bus_message_unref(message) } }

    /// Hands the message over to the caller, who releases it.
    func take() -> OpaquePointer? {
        defer { message = nil }
        return message
    }

    static let receive: sd_bus_message_handler_t = { message, context, _ in
        guard let context else { return 0 }
        Unmanaged<PendingReply>.fromOpaque(context).takeUnretainedValue().message = sd_bus_message_ref(
            message)
        return 1
    }
}
