// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Asks a server for its version.
package enum VersionProbe {
    /// - Throws: `.status` where the answer is not 200 (401 with anonymous requests refused); `.body` where it is no
    ///   version; else as `HTTPSClient.send`.
    package static func version(
        _ endpoint: APIServerEndpoint, trust: ServerTrust, as caller: Caller = .anonymous,
        timeouts: RequestTimeouts = RequestTimeouts()
    ) throws(APIServerError) -> ServerVersion {
        let request = HTTPRequest(.get, "/version", accept: "application/json")
        let response = try HTTPSClient.send(
            request, to: endpoint, trust: trust, as: caller, timeouts: timeouts)
        let attempt = request.attempt(at: endpoint)
        guard response.status == 200 else {
            throw attempt.error(.status, "HTTP status \(response.status): \(response.excerpt)")
        }
        guard let answer = response.json, let gitVersion = answer["gitVersion"]?.text,
            let major = number(answer["major"]), let minor = number(answer["minor"])
        else { throw attempt.error(.body, "the answer is not a version: \(response.excerpt)") }
        return ServerVersion(
            version: KubernetesVersion(major: major, minor: minor), gitVersion: gitVersion)
    }

    /// Some providers write `20+`.
    private static func number(_ value: LocatedJSON?) -> Int? {
        guard let text = value?.text else { return nil }
        return Int(text.hasSuffix("+") ? String(text.dropLast()) : text)
    }
}
