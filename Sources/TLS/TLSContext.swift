// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Secrets
import Values

/// The settings of one TLS connection: what is trusted and what is presented; released with its scope.
struct TLSContext: ~Copyable {
    private let context: SSLContextHandle
    let observer: HandshakeObserver

    var pointer: OpaquePointer { context.pointer }

    /// - Parameter method: the side of the session, `TLS_client_method()` or `TLS_server_method()`.
    private init(
        _ method: OpaquePointer?, observer: HandshakeObserver, _ attempt: Attempt
    ) throws(APIServerError) {
        ErrorQueue.clear()
        guard let pointer = SSL_CTX_new(method) else {
            throw attempt.error(.tls, ErrorQueue.drained() ?? "no TLS context")
        }
        context = SSLContextHandle(owning: pointer)
        self.observer = observer
        SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        // Only what the identity says is presented; OpenSSL would add issuers that it finds.
        SSL_CTX_ctrl(pointer, SSL_CTRL_MODE, Int(SSL_MODE_NO_AUTO_CHAIN), nil)
    }

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
                throw attempt.error(.identity, "a certificate must not be presented to an unknown server")
            }
            takesAnybody = true
        case .ca(let pem): anchors = try certificates(inPEM: pem, "the server's CA", attempt)
        }
        let context = try TLSContext(
            TLS_client_method(), observer: HandshakeObserver(pinned: pinned, takesAnybody: takesAnybody),
            attempt)
        context.observer.observe(context.pointer)
        if pinned == nil, !takesAnybody { try context.trust(anchors, for: endpoint, attempt) }
        if let identity { try context.present(identity, attempt) }
        return context
    }

    /// A server that asks for a client certificate, takes any, and takes none for an answer: what was presented is for its
    /// user to judge. Possession of the certificate's key is proved by the handshake itself.
    /// - Throws: `.identity` where the identity cannot be read.
    static func server(_ identity: ClientIdentity, _ attempt: Attempt) throws(APIServerError) -> TLSContext {
        let context = try TLSContext(TLS_server_method(), observer: HandshakeObserver(pinned: nil), attempt)
        let pointer = context.pointer
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
            try Self.use(anchor, attempt) { X509_STORE_add_cert(store, $0) }
        }
        let parameters = SSL_CTX_get0_param(pointer)
        // As in Go's verifier: every given certificate is an anchor, and the subject's CN is no host name.
        X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
        let named =
            X509_VERIFY_PARAM_set1_ip_asc(parameters, endpoint.address) == 1
            || X509_VERIFY_PARAM_set1_host(parameters, endpoint.address, endpoint.address.utf8.count) == 1
        ErrorQueue.clear()
        guard named else { throw attempt.error(.identity, "the address is neither an IP address nor a name") }
    }

    private func present(_ identity: ClientIdentity, _ attempt: Attempt) throws(APIServerError) {
        let chain = try Self.certificates(
            inPEM: identity.certificatePEM, "the certificate to present", attempt)
        for (index, certificate) in chain.enumerated() {
            try Self.use(certificate, attempt) {
                index == 0
                    ? SSL_CTX_use_certificate(pointer, $0)
                    : Int32(SSL_CTX_ctrl(pointer, SSL_CTRL_CHAIN_CERT, 1, UnsafeMutableRawPointer($0)))
            }
        }
        let hint: Message = "the key must be PEM, not encrypted, and belong to the certificate"
        do {
            let key = try KeyHandle.parse(pem: identity.keyPEM, path: "the key to present")
            try check("use", "the key to present") { SSL_CTX_use_PrivateKey(pointer, key.pointer) }
            try check("use", "the key to present") { SSL_CTX_check_private_key(pointer) }
        } catch {
            throw attempt.error(.identity, "the key to present: \(error.underlying)", hint: hint)
        }
    }

    /// DER of each certificate of a PEM text of any origin; a private key beside them is passed over.
    /// - Throws: `.identity` where there is none, or one that cannot be read.
    private static func certificates(
        inPEM pem: [UInt8], _ what: Message, _ attempt: Attempt
    ) throws(APIServerError) -> [[UInt8]] {
        do { return try PEMCertificates(pem, path: what.description, privateKeys: .skipped).der } catch {
            throw attempt.error(.identity, "\(what): \(error.underlying)", hint: error.hint)
        }
    }

    /// Lends a certificate to `call`, which returns 1 on success.
    private static func use(
        _ der: [UInt8], _ attempt: Attempt, _ call: (OpaquePointer) -> Int32
    ) throws(APIServerError) {
        do {
            let certificate = try X509Handle.parse(der, path: "a certificate")
            try check("use", "a certificate") { call(certificate.pointer) }
        } catch {
            throw attempt.error(.identity, "a certificate: \(error.underlying)", hint: error.hint)
        }
    }
}
