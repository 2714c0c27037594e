// SPDX-License-Identifier: Apache-2.0

import ClusterPlan
import FoundationEssentials

/// What a server says at `/version`.
package struct ServerVersion: Sendable, Equatable {
    package let version: KubernetesVersion
    /// `v1.20.2`
    package let gitVersion: String
}

/// Asks a server for its version.
package enum VersionProbe {
    private struct Answer: Decodable {
        let major: String
        let minor: String
        let gitVersion: String
    }

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
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body)),
            let major = number(answer.major), let minor = number(answer.minor)
        else { throw attempt.error(.body, "the answer is no version: \(response.excerpt)") }
        return ServerVersion(
            version: KubernetesVersion(major: major, minor: minor), gitVersion: answer.gitVersion)
    }

    /// Some providers write `20+`.
    private static func number(_ text: String) -> Int? {
        Int(text.hasSuffix("+") ? String(text.dropLast()) : text)
    }
}
