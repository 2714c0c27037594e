// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// What OpenSSL's callbacks see and decide while one handshake runs.
final class HandshakeObserver {
    /// What the server's certificate must equal; nil where its chain is to be verified.
    private let pinned: [UInt8]?
    /// Whether nothing is asked of the server's certificate.
    private let takesAnybody: Bool
    /// DER of the certificate that the server presented.
    private(set) var presented: [UInt8]?
    /// Why the server is not to be trusted.
    private(set) var distrust: String?
    /// DER of the names of the server's CertificateRequest; nil where it sent none.
    private(set) var acceptedCANames: [[UInt8]]?

    init(pinned: [UInt8]?, takesAnybody: Bool = false) {
        self.pinned = pinned
        self.takesAnybody = takesAnybody
    }

    /// Installs the callbacks; the observer must outlive `context`'s connections.
    func observe(_ context: OpaquePointer) {
        let this = Unmanaged.passUnretained(self).toOpaque()
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        SSL_CTX_set_cert_verify_callback(
            context,
            { store, this in
                guard let store, let this else { return 0 }
                let observer = Unmanaged<HandshakeObserver>.fromOpaque(this).takeUnretainedValue()
                return observer.verify(store) ? 1 : 0
            }, this)
        // Called when the server has asked for a client certificate, before ours is chosen.
        SSL_CTX_set_cert_cb(
            context,
            { ssl, this in
                guard let ssl, let this else { return 0 }
                Unmanaged<HandshakeObserver>.fromOpaque(this).takeUnretainedValue().readCANames(ssl)
                return 1
            }, this)
    }

    private func verify(_ store: OpaquePointer) -> Bool {
        presented = X509_STORE_CTX_get0_cert(store).map { leaf in der { i2d_X509(leaf, $0) } }
        if takesAnybody { return true }
        if let pinned {
            if presented == pinned { return true }
            distrust =
                "the server presented the certificate \(presented.map(fingerprint) ?? "(none)"), "
                + "expected \(fingerprint(pinned)) (SHA-256)"
        } else {
            if X509_verify_cert(store) == 1 { return true }
            let error = X509_STORE_CTX_get_error(store)
            let text =
                X509_verify_cert_error_string(Int(error)).map { String(cString: $0) } ?? "error \(error)"
            distrust =
                "\(text) (at depth \(X509_STORE_CTX_get_error_depth(store)); the server presented the certificate "
                + "\(presented.map(fingerprint) ?? "(none)"), SHA-256)"
        }
        return false
    }

    private func readCANames(_ ssl: OpaquePointer) {
        guard let list = SSL_get0_peer_CA_list(ssl) else {
            acceptedCANames = []
            return
        }
        acceptedCANames = (0..<OPENSSL_sk_num(list)).map { index in
            let name = OPENSSL_sk_value(list, index).map { OpaquePointer($0) }
            return der { i2d_X509_NAME(name, $0) }
        }
    }
}
