// SPDX-License-Identifier: Apache-2.0

import Values

/// Asks a server whether it is ready.
package enum ReadinessProbe {
    /// - Parameter caller: `.frontProxy` where anonymous requests are refused.
    /// - Throws: as `HTTPSClient.send`; every HTTP status is a report.
    package static func readyz(
        _ endpoint: APIServerEndpoint, trust: ServerTrust, as caller: Caller = .anonymous,
        timeouts: RequestTimeouts = RequestTimeouts()
    ) throws(APIServerError) -> ReadinessReport {
        let response = try HTTPSClient.send(
            HTTPRequest(.get, "/readyz?verbose"), to: endpoint, trust: trust, as: caller, timeouts: timeouts)
        return ReadinessReport(status: response.status, text: String(decoding: response.body, as: UTF8.self))
    }
}
