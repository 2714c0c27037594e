// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Values

/// OpenSSL's queue of errors, which each thread has one of.
package enum ErrorQueue {
    package static func clear() { ERR_clear_error() }

    /// Empties the queue: the reasons in it, oldest (the cause) first; nil where it is empty.
    package static func drained() -> Message? {
        var reasons: [String] = []
        var data: UnsafePointer<CChar>?
        var flags: Int32 = 0
        while case let number = ERR_get_error_all(nil, nil, nil, &data, &flags), number != 0 {
            var reason =
                ERR_reason_error_string(number).map { String(cString: $0) } ?? "error \(number) of libcrypto"
            if flags & ERR_TXT_STRING != 0, let data, data.pointee != 0 {
                reason += " (\(String(cString: data)))"
            }
            if reasons.last != reason { reasons.append(reason) }
        }
        return reasons.isEmpty ? nil : Message(verbatim: reasons.joined(separator: "; "))
    }
}

/// Calls OpenSSL for a pointer that the caller then owns; throws the error queue of this thread on nil.
package func owned<Pointer>(
    _ operation: Message, _ subject: String, _ call: () -> Pointer?
) throws(PKIError) -> Pointer {
    ErrorQueue.clear()
    guard let pointer = call() else { throw .openSSL(operation, subject) }
    // Decoders leave the failed attempts in the queue even where a later one succeeds.
    ErrorQueue.clear()
    return pointer
}

/// Calls OpenSSL for a status that is 1 on success; throws the error queue of this thread otherwise.
package func check(_ operation: Message, _ subject: String, _ call: () -> Int32) throws(PKIError) {
    ErrorQueue.clear()
    guard call() == 1 else { throw .openSSL(operation, subject) }
    ErrorQueue.clear()
}

/// The bytes that an `i2d` function allocates.
package func encoded(
    _ operation: Message, _ subject: String, _ encode: (inout UnsafeMutablePointer<UInt8>?) -> Int32
) throws(PKIError) -> [UInt8] {
    var der: UnsafeMutablePointer<UInt8>?
    ErrorQueue.clear()
    let count = Int(encode(&der))
    guard count > 0, let der else { throw .openSSL(operation, subject) }
    defer { CRYPTO_free(der, nil, 0) }
    return Array(UnsafeBufferPointer(start: der, count: count))
}
