// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import TLS
import Values

/// Asks one API server for the canary: as a user who is nobody, by the pair on the node; else, where the server does not
/// take that pair for an aggregator's or does not let that user, as the kubeconfig's administrator.
struct CanaryInquiry {
    let place: CanaryPlace
    let kubectl: Kubectl
    let word: String
    /// The user that the last request was made as; nil for the administrator.
    private(set) var user: String?
    /// What became of the last request, for a message.
    private(set) var answer: Message = "it was not asked"
    /// Why the administrator asks.
    private var refusal: Message?

    /// - Parameter word: what the canary recognises the request by.
    init(place: CanaryPlace, kubectl: Kubectl, word: String) {
        self.place = place
        self.kubectl = kubectl
        self.word = word
    }

    private static let timeouts = RequestTimeouts(connect: .seconds(3), total: .seconds(5))

    private var path: String { "/apis/\(CanaryWitness.group)/v\(place.number)" }

    /// - Returns: whether the canary's own answer came back.
    mutating func ask() async -> Bool {
        let connection: APIServerConnection
        do { connection = try place.connection() } catch {
            answer = "\(error)"
            return false
        }
        if refusal == nil {
            guard let identity = try? connection.identity, let probe = ProbeUser(suffix: word) else {
                refusal = "there is no certificate and key to ask with"
                return await askAsAdministrator(connection)
            }
            user = probe.description
            let isAnswered = askProxied(connection, .frontProxy(identity, probe, connection.headers))
            if refusal == nil { return isAnswered }
        }
        return await askAsAdministrator(connection)
    }

    /// Every user may read what an API serves (the role `system:discovery`), so nobody needs a grant.
    private mutating func askProxied(_ connection: APIServerConnection, _ caller: Caller) -> Bool {
        let request = HTTPRequest(.get, "\(path)?probe=\(word)", accept: "application/json")
        do {
            let response = try connection.send(request, as: caller, timeouts: Self.timeouts)
            let words = response.excerpt.split(separator: " ").joined(separator: " ")
            answer = "HTTP status \(response.status): \(words)"
            if response.status == 401 || response.status == 403 { refusal = answer }
            return CanaryWitness.isAnswer(String(decoding: response.body, as: UTF8.self), to: word)
        } catch {
            answer = error.message
            return false
        }
    }

    private mutating func askAsAdministrator(_ connection: APIServerConnection) async -> Bool {
        user = nil
        let arguments = [
            "get", "--raw", "\(path)/\(CanaryWitness.resource)/\(word)", "--server",
            connection.endpoint.description,
        ]
        do {
            let text = try await kubectl.output(arguments, timeoutSeconds: 8)
            answer = "an answer that is not the canary's"
            return CanaryWitness.isAnswer(text, to: word)
        } catch {
            answer = "\(ErrorReport(error).message) (asked this way because: \(refusal ?? ""))"
            return false
        }
    }
}
