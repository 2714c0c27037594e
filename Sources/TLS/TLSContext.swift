// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Secrets

/// The settings of one TLS connection: what is trusted and what is presented; released with its scope.
struct TLSContext: ~Copyable {
    let pointer: OpaquePointer
    let observer: HandshakeObserver

    private init(owning pointer: OpaquePointer, observer: HandshakeObserver) {
        self.pointer = pointer
        self.observer = observer
    }

    deinit { SSL_CTX_free(pointer) }

    /// - Throws: `.identity` where the trust or the identity cannot be read.
    static func client(
        _ endpoint: APIServerEndpoint, _ trust: ServerTrust, _ identity: ClientIdentity?, _ attempt: Attempt
    ) throws(APIServerError) -> TLSContext {
        var anchors: [[UInt8]] = []
        var pinned: [UInt8]?
        var takesAnybody = false
        switch trust {
        case .pinned(let pem): pinned = try certificates(inPEM: pem, "the pinned certificate", attempt).first
        case .nobody:
            guard identity == nil else {
                throw attempt.error(.identity, "a certificate is not presented to a server that is not known")
            }
            takesAnybody = true
        case .ca(let pem): anchors = try certificates(inPEM: pem, "the server's CA", attempt)
        }
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(TLS_client_method()) else {
            throw attempt.error(.tls, drainedErrors(else: "no TLS context"))
        }
        let context = TLSContext(
            owning: pointer, observer: HandshakeObserver(pinned: pinned, takesAnybody: takesAnybody))
        SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        // Only what the identity says is presented; OpenSSL would add issuers that it finds.
        SSL_CTX_ctrl(pointer, SSL_CTRL_MODE, Int(SSL_MODE_NO_AUTO_CHAIN), nil)
        context.observer.observe(pointer)
        if pinned == nil, !takesAnybody { try context.trust(anchors, for: endpoint, attempt) }
        if let identity { try context.present(identity, attempt) }
        return context
    }

    /// A server that asks for a client certificate, takes any, and takes none for an answer: what was presented is for its
    /// user to judge. Possession of the certificate's key is proved by the handshake itself.
    /// - Throws: `.identity` where the identity cannot be read.
    static func server(_ identity: ClientIdentity, _ attempt: Attempt) throws(APIServerError) -> TLSContext {
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(TLS_server_method()) else {
            throw attempt.error(.tls, drainedErrors(else: "no TLS context"))
        }
        let context = TLSContext(owning: pointer, observer: HandshakeObserver(pinned: nil))
        SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        SSL_CTX_ctrl(pointer, SSL_CTRL_MODE, Int(SSL_MODE_NO_AUTO_CHAIN), nil)
        // A session that is taken up again would show the certificate of an earlier one.
        SSL_CTX_ctrl(pointer, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
        aggbootstrap_refuse_tickets(pointer)
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
        SSL_CTX_set_cert_verify_callback(pointer, { _, _ in 1 }, nil)
        try context.present(identity, attempt)
        return context
    }

    private func trust(
        _ anchors: [[UInt8]], for endpoint: APIServerEndpoint, _ attempt: Attempt
    ) throws(APIServerError) {
        let store = SSL_CTX_get_cert_store(pointer)
        for anchor in anchors {
            try Self.withCertificate(anchor, attempt) { X509_STORE_add_cert(store, $0) }
        }
        let parameters = SSL_CTX_get0_param(pointer)
        // As in Go's verifier: every given certificate is an anchor, and the subject's CN is no host name.
        X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
        let named =
            X509_VERIFY_PARAM_set1_ip_asc(parameters, endpoint.address) == 1
            || X509_VERIFY_PARAM_set1_host(parameters, endpoint.address, endpoint.address.utf8.count) == 1
        ERR_clear_error()
        guard named else { throw attempt.error(.identity, "the address is neither an IP address nor a name") }
    }

    private func present(_ identity: ClientIdentity, _ attempt: Attempt) throws(APIServerError) {
        let chain = try certificates(inPEM: identity.certificatePEM, "the certificate to present", attempt)
        for (index, certificate) in chain.enumerated() {
            try Self.withCertificate(certificate, attempt) {
                index == 0
                    ? SSL_CTX_use_certificate(pointer, $0)
                    : Int32(SSL_CTX_ctrl(pointer, SSL_CTRL_CHAIN_CERT, 1, UnsafeMutableRawPointer($0)))
            }
        }
        ERR_clear_error()
        let key = identity.keyPEM.withUnsafeBytes { bytes in
            let text = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count))
            defer { BIO_free(text) }
            return PEM_read_bio_PrivateKey(text, nil, refusePassword, nil)
        }
        defer { EVP_PKEY_free(key) }
        guard let key, SSL_CTX_use_PrivateKey(pointer, key) == 1, SSL_CTX_check_private_key(pointer) == 1
        else {
            throw attempt.error(
                .identity, "the key to present: \(drainedErrors(else: "it cannot be read"))",
                hint: "the key must be PEM, not encrypted, and belong to the certificate")
        }
    }

    /// Lends the certificate to `use`, which returns 1 on success.
    private static func withCertificate(
        _ bytes: [UInt8], _ attempt: Attempt, _ use: (OpaquePointer) -> Int32
    ) throws(APIServerError) {
        ERR_clear_error()
        let certificate = bytes.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            return d2i_X509(nil, &position, buffer.count)
        }
        defer { X509_free(certificate) }
        guard let certificate, use(certificate) == 1 else {
            throw attempt.error(.identity, "a certificate: \(drainedErrors(else: "it cannot be used"))")
        }
    }
}
