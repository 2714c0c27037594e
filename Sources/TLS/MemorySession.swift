// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL

/// One TLS session as bytes in and bytes out.
///
/// OpenSSL reads and writes memory and never touches a socket: so deadlines, EINTR and SIGPIPE are dealt with by those
/// who own the socket.
struct MemorySession: ~Copyable {
    private let session: SSLHandle
    // The session owns both.
    private let received: OpaquePointer
    private let toSend: OpaquePointer

    var pointer: OpaquePointer { session.pointer }

    /// - Returns: nil where OpenSSL makes none. `context` must outlive the session.
    init?(_ context: borrowing TLSContext) {
        ErrorQueue.clear()
        guard let ssl = SSL_new(context.pointer) else { return nil }
        let session = SSLHandle(owning: ssl)
        guard let received = BIO_new(BIO_s_mem()) else { return nil }
        guard let toSend = BIO_new(BIO_s_mem()) else {
            BIO_free(received)
            return nil
        }
        SSL_set_bio(ssl, received, toSend)
        self.session = session
        self.received = received
        self.toSend = toSend
    }

    /// Gives OpenSSL what has arrived.
    /// - Returns: false where there is no memory.
    func feed(_ bytes: [UInt8]) -> Bool {
        bytes.isEmpty || BIO_write(received, bytes, Int32(clamping: bytes.count)) == Int32(bytes.count)
    }

    /// The next piece of what the other side says, decrypted; empty where `SSL_get_error` of `result` tells why.
    func read(_ result: inout Int32) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, used in
            result = SSL_read(pointer, buffer.baseAddress, Int32(buffer.count))
            used = Int(max(0, result))
        }
    }

    /// What must be sent to the other side now.
    func output() -> [UInt8] {
        var output: [UInt8] = []
        while true {
            let bytes = [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, used in
                used = Int(max(0, BIO_read(toSend, buffer.baseAddress, Int32(buffer.count))))
            }
            if bytes.isEmpty { return output }
            output += bytes
        }
    }
}
