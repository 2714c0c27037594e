// SPDX-License-Identifier: Apache-2.0

import Values

/// Finds out whom a kube-apiserver takes a request for.
///
/// Source: k8s.io/apiserver, `authentication/request` (union, headerrequest, x509, bearertoken, anonymous), in the order
/// of `pkg/kubeapiserver/authenticator`. The first one that knows the user wins. One that fails lets those behind it
/// try, but if none knows the user then, the request is refused and not taken for an anonymous one.
package struct RequestAuthentication: Sendable {
    /// The certificate that the client presents.
    package struct ClientCertificate: Sendable {
        /// The last common name of the subject; empty if it has none.
        let commonName: String
        /// The organizations of the subject, in their order.
        let organizations: [String]
        /// Whether each CA file vouches for it.
        let requestHeaderTrust: Trust
        let clientTrust: Trust

        package init(
            commonName: String, organizations: [String], requestHeaderTrust: Trust, clientTrust: Trust
        ) {
            (self.commonName, self.organizations) = (commonName, organizations)
            (self.requestHeaderTrust, self.clientTrust) = (requestHeaderTrust, clientTrust)
        }
    }

    /// Whether the CAs of a file vouch for a certificate.
    package enum Trust: Sendable, Equatable {
        case trusted
        /// Why not.
        case untrusted(Message)
        /// Why that is not known, or no file is named.
        case unknown(Message)
    }

    private let settings: AuthenticationSettings
    private let headers: [RequestHeaderField]
    private let certificate: ClientCertificate?

    /// - Parameter certificate: nil for a client without one.
    package init(
        _ settings: AuthenticationSettings, headers: [RequestHeaderField], certificate: ClientCertificate?
    ) {
        (self.settings, self.headers, self.certificate) = (settings, headers, certificate)
    }

    package func verdict() -> RequestVerdict {
        var steps: [RequestVerdict.Step] = []
        let authenticators: [(RequestVerdict.Authenticator, () -> RequestVerdict.Finding)] = [
            (.requestHeader, requestHeader), (.clientCA, clientCA), (.token, token),
        ]
        for (authenticator, find) in authenticators {
            let finding = find()
            steps.append(.init(authenticator: authenticator, finding: finding))
            switch finding {
            case .user(let user):
                return RequestVerdict(steps: steps, outcome: .user(user, by: authenticator))
            case .unknown(let reason): return RequestVerdict(steps: steps, outcome: .undecided(reason))
            default: break
            }
        }
        let isRefused = steps.contains { step in
            switch step.finding {
            case .untrusted, .nameNotAllowed: true
            default: false
            }
        }
        let finding = isRefused ? .refusedBefore : anonymous()
        steps.append(.init(authenticator: .anonymous, finding: finding))
        return switch finding {
        case .user(let user): RequestVerdict(steps: steps, outcome: .user(user, by: .anonymous))
        case .unknown(let reason): RequestVerdict(steps: steps, outcome: .undecided(reason))
        default: RequestVerdict(steps: steps, outcome: .unauthorized)
        }
    }

    private func requestHeader() -> RequestVerdict.Finding {
        guard settings.requestHeaderCAFile != nil else { return .off }
        guard let certificate else { return .noCertificate }
        switch certificate.requestHeaderTrust {
        case .trusted: break
        case .untrusted(let reason): return .untrusted(reason)
        case .unknown(let reason): return .unknown(reason)
        }
        guard settings.allowedNames.isEmpty || settings.allowedNames.containsBytes(certificate.commonName)
        else { return .nameNotAllowed(certificate.commonName) }
        guard let name = first(of: settings.usernameHeaders) else {
            return .noUsername(headers: settings.usernameHeaders)
        }
        let groups = settings.groupHeaders.flatMap { name in
            headers.filter { $0.isNamed(name) && !$0.value.isEmpty }.map(\.value)
        }
        let user = RequestUser(
            name: name, uid: first(of: settings.uidHeaders), groups: groups, extra: extra())
        return .user(user.authenticated)
    }

    /// The first header of that name counts, of the first name of which it is not empty.
    private func first(of names: [String]) -> String? {
        names.lazy.compactMap { name in headers.first { $0.isNamed(name) }?.value }.first { !$0.isEmpty }
    }

    private func extra() -> [RequestUser.Extra] {
        var values: [ByteText: RequestUser.Extra] = [:]
        for prefix in settings.extraHeadersPrefixes {
            for header in headers {
                guard let key = header.key(behind: prefix) else { continue }
                values[key.bytes, default: .init(key: key, values: [])].values.append(header.value)
            }
        }
        return values.sorted { $0.key < $1.key }.map(\.value)
    }

    private func clientCA() -> RequestVerdict.Finding {
        guard settings.clientCAFile != nil else { return .off }
        guard let certificate else { return .noCertificate }
        switch certificate.clientTrust {
        case .trusted: break
        case .untrusted(let reason): return .untrusted(reason)
        case .unknown(let reason): return .unknown(reason)
        }
        guard !certificate.commonName.isEmpty else { return .noCommonName }
        return .user(
            RequestUser(name: certificate.commonName, groups: certificate.organizations).authenticated)
    }

    private func token() -> RequestVerdict.Finding {
        let words = (headers.first { $0.isNamed("Authorization") }?.value ?? "").utf8.split(
            separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2, !words[1].isEmpty, let scheme = words.first,
            String(decoding: scheme, as: UTF8.self).lowercased() == "bearer"
        else { return .off }
        return .unknown("the request has a bearer token, which only kube-apiserver can check")
    }

    private func anonymous() -> RequestVerdict.Finding {
        if let file = settings.configurationFile {
            return .unknown("\(file) says which anonymous requests are accepted")
        }
        return settings.allowsAnonymous ? .user(.anonymous) : .off
    }
}
