// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The server's side of one TLS session, as bytes in and bytes out; it touches no socket.
final class TLSServerSession {
    enum Progress: Equatable {
        /// More has to arrive.
        case waiting
        case received([UInt8])
        /// The client has ended the session.
        case ended
        /// What arrived is no TLS, or no TLS that is spoken here.
        case broken
    }

    private let ssl: OpaquePointer
    private let received: OpaquePointer
    private let toSend: OpaquePointer
    private var isEstablished = false

    /// - Returns: nil where there is no memory. `context` must outlive the session.
    init?(_ context: borrowing TLSContext) {
        ERR_clear_error()
        guard let ssl = SSL_new(context.pointer) else { return nil }
        guard let received = BIO_new(BIO_s_mem()), let toSend = BIO_new(BIO_s_mem()) else {
            SSL_free(ssl)
            return nil
        }
        SSL_set_bio(ssl, received, toSend)
        SSL_set_accept_state(ssl)
        self.ssl = ssl
        self.received = received
        self.toSend = toSend
    }

    deinit { SSL_free(ssl) }

    /// Goes on with what the client has sent; called again until it waits.
    func advance(_ bytes: [UInt8] = []) -> Progress {
        ERR_clear_error()
        defer { ERR_clear_error() }
        if !bytes.isEmpty, BIO_write(received, bytes, Int32(clamping: bytes.count)) != Int32(bytes.count) {
            return .broken
        }
        if !isEstablished {
            let result = SSL_do_handshake(ssl)
            guard result == 1 else {
                return SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ ? .waiting : .broken
            }
            isEstablished = true
        }
        var result: Int32 = 0
        let read = [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, used in
            result = SSL_read(ssl, buffer.baseAddress, Int32(buffer.count))
            used = Int(max(0, result))
        }
        if result > 0 { return .received(read) }
        return switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: .waiting
        case SSL_ERROR_ZERO_RETURN: .ended
        default: .broken
        }
    }

    /// DER of the certificates that the client has presented, its own first; empty where it has presented none.
    var presented: [[UInt8]] {
        guard isEstablished, let leaf = SSL_get1_peer_certificate(ssl) else { return [] }
        defer { X509_free(leaf) }
        let own = der { i2d_X509(leaf, $0) }
        // On a server this list is what came behind the client's own certificate.
        let chain = SSL_get_peer_cert_chain(ssl)
        let others = (0..<max(0, OPENSSL_sk_num(chain))).compactMap { index -> [UInt8]? in
            guard let other = OPENSSL_sk_value(chain, index).map({ OpaquePointer($0) }) else { return nil }
            return der { i2d_X509(other, $0) }
        }
        return [own] + others
    }

    /// Encrypts the answer and ends the session behind it.
    func finish(_ answer: [UInt8]) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard isEstablished else { return }
        if !answer.isEmpty { SSL_write(ssl, answer, Int32(clamping: answer.count)) }
        SSL_shutdown(ssl)
    }

    /// What is to be sent to the client now.
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
