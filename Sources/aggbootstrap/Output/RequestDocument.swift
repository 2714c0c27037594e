// SPDX-License-Identifier: Apache-2.0

import Planning
import Proofs
import Values

/// `verify --as-request -o json`.
struct RequestDocument: Encodable {
    struct Request: Encodable {
        /// Subject of the client's certificate; null without one.
        let certificate: String?
        let headers: [String]
    }

    struct Node: Encodable {
        let name: String
        /// `user`, `unauthorized` or `unknown`.
        let outcome: String
        /// Which authenticator knows the user.
        let by: String?
        let user: User?
        /// Why the outcome is unknown.
        let reason: String?
        let steps: [Step]

        init(_ node: NodeVerdict) {
            name = node.node
            steps = (node.verdict?.steps ?? []).map { Step($0, node) }
            switch node.verdict?.outcome {
            case .user(let user, let authenticator):
                (outcome, by, self.user, reason) = ("user", authenticator.rawValue, User(user), nil)
            case .unauthorized: (outcome, by, user, reason) = ("unauthorized", nil, nil, nil)
            case .undecided(let text): (outcome, by, user, reason) = ("unknown", nil, nil, "\(text)")
            case nil: (outcome, by, user, reason) = ("unknown", nil, nil, node.problem.map { "\($0)" })
            }
        }
    }

    struct User: Encodable {
        let username: String
        let uid: String?
        let groups: [String]
        let extra: [String: [String]]

        init(_ user: RequestUser) {
            (username, uid, groups) = (user.name, user.uid, user.groups)
            extra = Dictionary(user.extra.map { ($0.key, $0.values) }) { first, _ in first }
        }
    }

    struct Step: Encodable {
        let authenticator: String
        /// `accepted`, `failed`, `passed-on` or `unknown`.
        let outcome: String
        let text: String

        init(_ step: RequestVerdict.Step, _ node: NodeVerdict) {
            authenticator = step.authenticator.rawValue
            outcome =
                switch step.finding {
                case .user: "accepted"
                case .untrusted, .nameNotAllowed: "failed"
                case .unknown: "unknown"
                default: "passed-on"
                }
            text = RequestFindingText.text(step, node).description
        }
    }

    let schemaVersion = JSONText.schemaVersion
    let request: Request
    let nodes: [Node]

    init(_ report: RequestReport) {
        request = Request(
            certificate: report.request.subject,
            headers: report.request.headers.map(\.name))
        nodes = report.nodes.map(Node.init)
    }
}
