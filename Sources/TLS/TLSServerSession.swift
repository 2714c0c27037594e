// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL

/// The server's side of one TLS session, as bytes in and bytes out; it touches no socket.
final class TLSServerSession {
    enum Progress: Equatable {
        /// More must arrive.
        case waiting
        case received([UInt8])
        /// The client has ended the session.
        case ended
        /// What arrived is no TLS, or no TLS that is spoken here.
        case broken
    }

    private let session: MemorySession
    private var ssl: OpaquePointer { session.pointer }
    private var isEstablished = false

    /// - Returns: nil where there is no memory. `context` must outlive the session.
    init?(_ context: borrowing TLSContext) {
        guard let session = MemorySession(context) else { return nil }
        SSL_set_accept_state(session.pointer)
        self.session = session
    }

    /// Goes on with what the client has sent; called again until it waits.
    func advance(_ bytes: [UInt8] = []) -> Progress {
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        guard session.feed(bytes) else { return .broken }
        if !isEstablished {
            let result = SSL_do_handshake(ssl)
            guard result == 1 else {
                return SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ ? .waiting : .broken
            }
            isEstablished = true
        }
        var result: Int32 = 0
        let read = session.read(&result)
        if result > 0 { return .received(read) }
        return switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: .waiting
        case SSL_ERROR_ZERO_RETURN: .ended
        default: .broken
        }
    }

    /// DER of the certificates that the client has presented, its own first; empty where it has presented none.
    var presented: [[UInt8]] {
        guard isEstablished, let pointer = SSL_get1_peer_certificate(ssl) else { return [] }
        let leaf = X509Handle(owning: pointer)
        // On a server this list is what came behind the client's own certificate.
        let chain = SSL_get_peer_cert_chain(ssl)
        let others = (0..<max(0, OPENSSL_sk_num(chain))).compactMap { index -> [UInt8]? in
            guard let other = OPENSSL_sk_value(chain, index).map({ OpaquePointer($0) }) else { return nil }
            return try? X509Handle.der(of: other)
        }
        return [(try? leaf.der()) ?? []] + others
    }

    /// Encrypts the answer and ends the session behind it.
    func finish(_ answer: [UInt8]) {
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        guard isEstablished else { return }
        if !answer.isEmpty { SSL_write(ssl, answer, Int32(clamping: answer.count)) }
        SSL_shutdown(ssl)
    }

    /// What must be sent to the client now.
    func output() -> [UInt8] { session.output() }
}
