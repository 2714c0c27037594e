// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import OpenSSL
import PKI
import Planning
import SystemdUnits
import Values

/// A request that somebody could send to kube-apiserver: a client certificate and headers. It is judged, and never sent.
package struct SampleRequest: Sendable {
    /// The client's certificate, and those between it and its CA; empty for a client without one.
    let chain: [Certificate]
    package let headers: [RequestHeaderField]

    package init(chain: [Certificate], headers: [RequestHeaderField]) {
        (self.chain, self.headers) = (chain, headers)
    }

    /// - Parameters:
    ///   - certificateFile: PEM; the client's certificate first. A private key in it is not looked at.
    ///   - headers: `Name: value` each.
    /// - Throws: `usage/header`, `usage/no-such-file`, or why the file cannot be read.
    package init(certificateFile: String, headers: [String]) throws {
        self.headers = try headers.map { text in
            guard let header = RequestHeaderField(text) else {
                throw BootstrapError(
                    "usage/header", status: .usage, "--header \(text.debugDescription) is not 'Name: value'",
                    hint: "write it as in --header 'X-Remote-User: alice'")
            }
            return header
        }
        guard let pem = try FileReader.read(certificateFile, limit: 1 << 20) else {
            throw BootstrapError(
                "usage/no-such-file", status: .usage,
                "--as-request \(certificateFile): there is no such file",
                hint: "give the client's certificate as a PEM file")
        }
        do throws(PKIError) {
            chain = try Certificate.parseClientChain(pem: pem, path: certificateFile)
        } catch {
            throw PKIError(
                error.code, status: error.status, operation: error.operation, subject: error.subject,
                underlying: error.underlying, origin: error.origin,
                hint: error.hint ?? ClientCertificateHint.text(pem, certificateFile), details: error.details)
        }
    }

    /// Subject of the client's certificate; nil without one.
    package var subject: String? { chain.first?.summary.subject }

    /// Whom a kube-apiserver with these settings takes it for.
    /// - Parameter read: returns the certificates of a CA file; throws why they cannot be read.
    package func verdict(
        _ settings: AuthenticationSettings, at now: UnixTime, read: (String) throws -> [Certificate]
    ) -> RequestVerdict {
        let certificate = chain.first.map { leaf in
            RequestAuthentication.ClientCertificate(
                commonName: leaf.summary.commonName ?? "", organizations: leaf.organizations,
                requestHeaderTrust: trust(settings.requestHeaderCAFile, leaf, now, read),
                clientTrust: trust(settings.clientCAFile, leaf, now, read))
        }
        return RequestAuthentication(settings, headers: headers, certificate: certificate).verdict()
    }

    private func trust(
        _ file: String?, _ leaf: Certificate, _ now: UnixTime, _ read: (String) throws -> [Certificate]
    ) -> RequestAuthentication.Trust {
        guard let file else { return .unknown("no CA file is named") }
        let bundle: [Certificate]
        do { bundle = try read(file) } catch {
            return .unknown("\(file) cannot be read: \((error as? BootstrapError)?.message ?? "\(error)")")
        }
        do throws(PKIError) {
            try ChainVerifier.verifyAsGo(
                leaf: leaf, intermediates: Array(chain.dropFirst()), bundle: bundle, at: now)
            return .trusted
        } catch {
            return .untrusted(error.underlying)
        }
    }
}
