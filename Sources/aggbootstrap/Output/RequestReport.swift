// SPDX-License-Identifier: Apache-2.0

import Planning
import Proofs
import Values

/// Whom each control plane would take a request for, as text, as JSON and as an exit status.
struct RequestReport {
    let request: SampleRequest
    let nodes: [NodeVerdict]

    /// 4 if a control plane would refuse the request, if that cannot be told, or if they do not agree.
    var status: ExitStatus { isAccepted && groups.count == 1 ? .done : .proofFailed }

    private var isAccepted: Bool {
        nodes.allSatisfy { node in
            if case .user? = node.verdict?.outcome { true } else { false }
        }
    }

    /// Nodes that are alike, with what they have in common.
    private var groups: [(names: [String], node: NodeVerdict)] {
        var groups: [(names: [String], node: NodeVerdict)] = []
        for node in nodes {
            let index = groups.firstIndex {
                $0.node.verdict == node.verdict && $0.node.problem == node.problem
                    && $0.node.allowedNames == node.allowedNames
            }
            if let index { groups[index].names.append(node.node) } else { groups.append(([node.node], node)) }
        }
        return groups
    }

    var lines: [Message] {
        var lines: [Message] = ["request: \(requestText)", ""]
        for (names, node) in groups {
            lines.append("\(Self.list(names)):")
            guard let verdict = node.verdict else {
                lines += ["  --  \(Self.problem(node))", ""]
                continue
            }
            let width = verdict.steps.map { columns(of: $0.authenticator.title.shown) }.max() ?? 0
            lines += verdict.steps.map { step in
                let title = step.authenticator.title.shown.padded(to: width)
                return "  \(step.finding.mark) \(title)  \(RequestFindingText.text(step, node))"
            }
            lines.append("")
        }
        lines += groups.map { names, node in "\(Self.list(names)): \(Self.answer(node))" }
        if groups.count > 1 { lines.append("the control planes do not agree (status 4)") }
        return lines
    }

    private var requestText: Message {
        let certificate: Message =
            request.subject.map { "client certificate \($0)" } ?? "no client certificate"
        let headers = request.headers.map { header -> Message in
            // A token is a secret.
            Message(verbatim: "\(header.name): \(header.isNamed("Authorization") ? "..." : header.value)")
        }
        return ([certificate] + headers).joined(separator: "; ")
    }

    private static func list(_ names: [String]) -> Message {
        names.count > 12 ? "\(names.count) nodes" : "\(list: names)"
    }

    private static func answer(_ node: NodeVerdict) -> Message {
        switch node.verdict?.outcome {
        case .user(let user, let authenticator): "kube-apiserver takes it for \(text(user, authenticator))"
        case .unauthorized: "kube-apiserver refuses it: 401 Unauthorized (status 4)"
        case .undecided(let reason): "not known: \(reason) (status 4)"
        case nil: "not known: \(problem(node)) (status 4)"
        }
    }

    private static func problem(_ node: NodeVerdict) -> Message {
        node.problem.map { "\($0)" } ?? "its flags are not known"
    }

    private static func text(_ user: RequestUser, _ authenticator: RequestVerdict.Authenticator) -> Message {
        var text: Message = "user \(user.name)"
        if !user.groups.isEmpty { text += ", groups \(list: user.groups)" }
        if let uid = user.uid { text += ", uid \(uid)" }
        for extra in user.extra { text += ", \(extra.key)=\(extra.values.joined(separator: ","))" }
        return text + " (by \(authenticator.title))"
    }
}

extension RequestVerdict.Authenticator {
    /// What people call it.
    var title: Message {
        switch self {
        case .requestHeader: "requestheader CA"
        case .clientCA: "client CA"
        case .token: "bearer token"
        case .anonymous: "anonymous"
        }
    }
}

extension RequestVerdict.Finding {
    var mark: String {
        switch self {
        case .user: "ok  "
        case .untrusted, .nameNotAllowed: "FAIL"
        default: "--  "
        }
    }
}

/// What an authenticator made of a request, in words.
enum RequestFindingText {
    static func text(_ step: RequestVerdict.Step, _ node: NodeVerdict) -> Message {
        switch step.finding {
        case .user(let user): accepted(step.authenticator, user)
        case .off: off(step.authenticator)
        case .noCertificate: "the client presents no certificate"
        case .untrusted(let reason): "the certificate does not verify: \(reason)"
        case .nameNotAllowed(let name):
            name.isEmpty
                ? "the certificate's common name is empty: --requestheader-allowed-names has only "
                    + "\(list: node.allowedNames)"
                : "the certificate's common name \(name): --requestheader-allowed-names has only "
                    + "\(list: node.allowedNames)"
        case .noUsername(let headers):
            headers.isEmpty
                ? "kube-apiserver has no --requestheader-username-headers"
                : "the certificate may set headers, but the request has none of \(list: headers)"
        case .noCommonName: "the certificate has no common name, which would be the user's"
        case .refusedBefore:
            "not accepted: a certificate that fails above is not taken for an anonymous client"
        case .unknown(let reason): "\(reason)"
        }
    }

    private static func accepted(_ authenticator: RequestVerdict.Authenticator, _ user: RequestUser)
        -> Message
    {
        switch authenticator {
        case .requestHeader: "the certificate verifies and may set headers; they name \(user.name)"
        case .clientCA: "the certificate verifies; its common name is the user \(user.name)"
        case .token: "the token is that of \(user.name)"
        case .anonymous: "anonymous requests are accepted"
        }
    }

    private static func off(_ authenticator: RequestVerdict.Authenticator) -> Message {
        switch authenticator {
        case .requestHeader: "kube-apiserver has no --requestheader-client-ca-file"
        case .clientCA: "kube-apiserver has no --client-ca-file"
        case .token: "the request has none"
        case .anonymous: "anonymous requests are not accepted"
        }
    }
}
