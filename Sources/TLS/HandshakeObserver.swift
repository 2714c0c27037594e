// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Values

/// What OpenSSL's callbacks see and decide while one handshake runs.
final class HandshakeObserver {
    /// What the server's certificate must equal; nil where its chain must be verified.
    private let pinned: [UInt8]?
    /// Whether nothing is asked of the server's certificate.
    private let takesAnybody: Bool
    /// DER of the certificate that the server presented.
    private(set) var presented: [UInt8]?
    /// Why the server is not to be trusted.
    private(set) var distrust: Message?
    /// The names of the server's CertificateRequest; nil where it sent none.
    private(set) var acceptedCAs: [CAName]?

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
        presented = X509_STORE_CTX_get0_cert(store).flatMap { try? X509Handle.der(of: $0) }
        if takesAnybody { return true }
        if let pinned {
            if presented == pinned { return true }
            distrust =
                "the server presented the certificate \(fingerprint(presented)), "
                + "expected \(fingerprint(pinned)) (SHA-256)"
        } else {
            if X509_verify_cert(store) == 1 { return true }
            let error = X509_STORE_CTX_get_error(store)
            let text: Message =
                X509_verify_cert_error_string(Int(error)).map { Message(system: $0) } ?? "error \(error)"
            distrust =
                "\(text) (at depth \(X509_STORE_CTX_get_error_depth(store)); the server presented the certificate "
                + "\(fingerprint(presented)), SHA-256)"
        }
        return false
    }

    /// As `openssl x509 -fingerprint -sha256` computes it of a certificate's DER.
    private func fingerprint(_ der: [UInt8]?) -> String {
        guard let der else { return "(none)" }
        return (try? Digest.sha256Hex(der)) ?? "unknown"
    }

    private func readCANames(_ ssl: OpaquePointer) {
        guard let list = SSL_get0_peer_CA_list(ssl) else {
            acceptedCAs = []
            return
        }
        acceptedCAs = (0..<OPENSSL_sk_num(list)).map { index in
            let name = OPENSSL_sk_value(list, index).map { OpaquePointer($0) }
            let what = "the handshake"
            return CAName(
                der: (try? NameText.der(of: name, what)) ?? [], text: try? NameText.text(of: name, what))
        }
    }
}
