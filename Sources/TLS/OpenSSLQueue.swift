// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Empties this thread's OpenSSL error queue into one text, oldest first.
///
/// - Returns: `fallback` where the queue is empty.
func drainedErrors(else fallback: String) -> String {
    var texts: [String] = []
    while true {
        var data: UnsafePointer<CChar>?
        var flags: Int32 = 0
        let code = ERR_get_error_all(nil, nil, nil, &data, &flags)
        guard code != 0 else { break }
        var text =
            ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(String(code, radix: 16))"
        if flags & ERR_TXT_STRING != 0, let data, data.pointee != 0 { text += " (\(String(cString: data)))" }
        texts.append(text)
    }
    return texts.isEmpty ? fallback : texts.joined(separator: ", ")
}

/// The DER form that an `i2d_` function writes; empty where it fails.
func der(_ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
    let count = Int(write(nil))
    guard count > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
        var position = buffer.baseAddress
        used = max(0, Int(write(&position)))
    }
}

/// Lower-case hex SHA-256 of `bytes`, as `openssl x509 -fingerprint -sha256` computes it of a certificate's DER.
func fingerprint(_ bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    guard EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil) == 1 else { return "unknown" }
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// The DER form of each certificate of a PEM text; other blocks are passed over.
///
/// - Throws: `.identity` where there is none, or one that cannot be read.
func certificates(inPEM pem: [UInt8], _ what: String, _ attempt: Attempt) throws(APIServerError) -> [[UInt8]]
{
    var found: [[UInt8]] = []
    ERR_clear_error()
    let end = pem.withUnsafeBytes { bytes -> Int32 in
        let text = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count))
        defer { BIO_free(text) }
        while let certificate = PEM_read_bio_X509(text, nil, refusePassword, nil) {
            found.append(der { i2d_X509(certificate, $0) })
            X509_free(certificate)
        }
        return ERR_GET_REASON(ERR_peek_last_error())
    }
    // The end of the text is an error to OpenSSL too.
    guard end == PEM_R_NO_START_LINE, !found.isEmpty else {
        throw attempt.error(
            .identity, "\(what): no certificate in PEM form: \(drainedErrors(else: "it is empty"))")
    }
    ERR_clear_error()
    return found
}

/// Keeps OpenSSL from asking for a password on the terminal.
func refusePassword(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _ writing: Int32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 { -1 }
