// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Values

/// What is told of a spec that was made of running control planes.
struct AdoptionText {
    private let notes: [AdoptionNote]
    /// Whether `init` is refused because of something else than the CA too, or alone.
    let hasOtherRefusals: Bool
    let hasCARefusal: Bool

    init(_ notes: [AdoptionNote]) {
        self.notes = notes
        hasCARefusal = notes.contains(where: \.isCARefusal)
        hasOtherRefusals = notes.contains { $0.kind == .refusals && !$0.isCARefusal }
    }

    static func lines(_ adoption: Adoption) -> [Message] {
        var lines: [Message] = []
        if let taken = adoption.taken {
            lines.append(
                "the CA \(taken.subject) and its key are now in the state directory \(taken.state): back it up"
            )
        }
        return lines + AdoptionText(adoption.notes).lines
    }

    var lines: [Message] {
        AdoptionNote.Kind.allCases.flatMap { kind -> [Message] in
            let notes = notes.filter { $0.kind == kind }
            guard !notes.isEmpty else { return [] }
            return [heading(kind)]
                + notes.flatMap { note in
                    ["  - \(text(note))"] + (hint(note).map { ["    hint: \($0)"] } ?? [])
                }
        }
    }

    /// What to do with the spec that was written.
    var next: Message {
        if hasOtherRefusals { return "fix what init would refuse, then aggbootstrap plan" }
        return hasCARefusal ? "aggbootstrap rotate --ca --dry-run" : "aggbootstrap plan"
    }

    private func heading(_ kind: AdoptionNote.Kind) -> Message {
        switch kind {
        case .broken: "does not work now:"
        case .notKept: "the spec does not keep:"
        case .refusals: "init would refuse:"
        case .changes:
            hasCARefusal || hasOtherRefusals
                ? "once nothing is refused, init would change:" : "init would change:"
        case .advice: "could be better:"
        case .fact: "to know:"
        }
    }

    private func hint(_ note: AdoptionNote) -> Message? {
        switch note {
        case .refused(_, _, _, let hint): hint.map { "\($0)" }
        case .foreignCA:
            "if a state directory of aggbootstrap has it, give that with --state DIR; else take it over with --ca-key FILE, its private "
                + "key, or replace it with aggbootstrap rotate --ca"
        default: nil
        }
    }

    private func text(_ note: AdoptionNote) -> Message {
        switch note.kind {
        case .broken: broken(note)
        case .notKept: notKept(note)
        case .refusals: refusal(note)
        case .changes: change(note) ?? plannedChange(note)
        case .advice, .fact: other(note)
        }
    }

    private func broken(_ note: AdoptionNote) -> Message {
        switch note {
        case .ended(let node, let role, let end):
            "\(node): \(certificate(role)) has ended, \(end): requests to extension API servers fail now; \(wayOut(role))"
        case .notYetValid(let node, let role, let start):
            "\(node): \(certificate(role)) is not valid before \(start): requests to extension API servers fail now; "
                + wayOut(role)
        case .unsigned(let node, let path):
            "\(node): \(path) was signed by none of its requestheader CAs: requests to extension API servers fail now; "
                + wayOut(.proxyClient)
        default: ""
        }
    }

    private func notKept(_ note: AdoptionNote) -> Message {
        switch note {
        case .otherDirectory(let flag, let path, let directory):
            "--\(flag) is \(path): the spec has one directory for all three files, \(directory)"
        case .differs(let node, let what, let found, let kept):
            "\(node): \(what) is \(found), and the spec says \(kept)"
        case .attributes(let role, let names):
            "the subject of \(certificate(role)) has \(list: names), which the spec has no place for"
        case .usage(let name):
            "the proxy client certificate has the usage \"\(name)\", which it does not need"
        case .host(let name):
            "the proxy client certificate has the host \"\(name)\", which is no DNS name or IP address"
        case .key(let role, let found):
            "the key of \(certificate(role)) is \(found.map { "\($0)" } ?? "of a type that is not issued"): the spec says ECDSA P-256"
        case .commonName(let role, let found, let kept):
            "the common name of \(certificate(role)) is \(found.map { "\"\($0)\"" } ?? "missing"): the spec says \"\(kept)\""
        case .flag(let name, let found, let kept):
            "--\(name) is \(found.isEmpty ? "empty" : "\(found)"), and the spec says \(kept)"
        case .sharedCA(let path, let subject, let kept):
            "the requestheader CA \(path) (\(subject)) is the client CA too: the spec has a CA of its own, \(kept)"
        case .notRestarted(let node, let flag, let running, let files):
            "\(node): the unit's files have \(flagText(flag, files)), and kube-apiserver runs \(runningText(flag, running)): "
                + "it was not restarted since they were changed; the spec says what runs"
        default: ""
        }
    }

    private func flagText(_ flag: String, _ value: String?) -> Message {
        value.map { "--\(flag)=\($0)" } ?? "no --\(flag)"
    }

    private func runningText(_ flag: String, _ value: String?) -> Message {
        value.map { "with --\(flag)=\($0)" } ?? "without --\(flag)"
    }

    private func refusal(_ note: AdoptionNote) -> Message {
        switch note {
        case .refused(let nodes, let code, let message, _): "\(place(nodes))\(message) [\(code)]"
        case .foreignCA(let subject):
            "the key of the CA \(subject) is in no state directory here, and init never replaces such a CA [plan/foreign-ca]"
        default: ""
        }
    }

    private func place(_ nodes: [String]) -> Message {
        nodes.isEmpty ? "" : "\(list: nodes): "
    }

    private func change(_ note: AdoptionNote) -> Message? {
        switch note {
        case .layerOff(let nodes, byHand: false):
            "the aggregation layer is off on \(list: nodes): init turns it on"
        case .layerOff(let nodes, byHand: true):
            "the aggregation layer is off on \(list: nodes): init writes the certificates, and prints the flags to "
                + "add"
        case .anyName(let kept):
            "--requestheader-allowed-names is empty, so every certificate of the CA could act as any user: the spec allows "
                + "\(kept) only"
        case .nameNotAllowed(let name):
            "--requestheader-allowed-names lacks \(name), the name of the proxy client certificate, so extension API servers "
                + "reject it: the spec allows it"
        case .noClientAuth:
            "the proxy client certificate lacks the usage \"client auth\", so extension API servers reject it: the spec adds it"
        case .clientsAreIssued:
            "the keys of the proxy client certificates are not in the state directory: init issues new ones from the same CA"
        default: nil
        }
    }

    private func plannedChange(_ note: AdoptionNote) -> Message {
        switch note {
        case .issues(let owner, let reason): issue(owner, reason)
        case .files(let nodes, let written, let removed):
            place(nodes)
                + [
                    written.isEmpty ? nil : "writes \(list: written)" as Message,
                    removed.isEmpty ? nil : "removes \(list: removed)" as Message,
                ].compactMap { $0 }.joined(separator: "; ")
        case .metadata(let node, let path, let found, let kept):
            "\(node): \(path) gets \(kept) instead of \(found)"
        case .continued(let node): "\(node): finishes an interrupted change"
        case .restart(let nodes, let unit, let why): "\(place(nodes))restarts \(unit): \(why)"
        case .noRestart: "no kube-apiserver restarts for that"
        default: ""
        }
    }

    private func issue(_ owner: String?, _ reason: Message) -> Message {
        let what: Message =
            switch owner {
            case nil: "issues a requestheader CA"
            case LeafOwner.shared: "issues a proxy client certificate for all nodes"
            case .some(let node): "issues a proxy client certificate for \(node)"
            }
        return what + (reason == CertificateIssue.noneYet ? "" : ", because \(reason)")
    }

    private func other(_ note: AdoptionNote) -> Message {
        switch note {
        case .sharedPair:
            "all control planes have the same key: with \"perNode\": true each gets one of its own"
        case .openKey(let node, let path, let mode):
            openKey(node, path, "0\(String(mode & 0o7777, radix: 8))", group: mode & 0o007 == 0)
        case .longValidity(let days):
            "the proxy client certificate is valid for \(days) days: with aggbootstrap schedule install, \"validity\": \"1y\" "
                + "is enough"
        case .ends(let node, let role, let end):
            "\(node): \(certificate(role)) ends \(end): \(wayOut(role))"
        case .caKeyOnNode(let node, let path):
            "\(node): the CA's key seems to be in \(path): a control plane does not need it; rotate --ca removes it with the old "
                + "CA"
        case .clusterName(let name):
            "the control planes do not say the cluster's name: it is \"\(name)\"; change it with --cluster"
        case .noKubeconfig:
            "no --kubeconfig was given: rotate --ca and verify --canary need one (apiServer.kubeconfig)"
        case .nothingToChange: "init would change nothing"
        case .noticed(let nodes, let message): "\(place(nodes))\(message)"
        default: ""
        }
    }

    private func openKey(_ node: String, _ path: String, _ mode: String, group isGroup: Bool) -> Message {
        let who: Message =
            isGroup
            ? "its group can read the key \(path) (mode \(mode))"
            : "any user there can read the key \(path) (mode \(mode))"
        return "\(node): \(who): init and rotate leave it to the user of kube-apiserver alone, mode 0600"
    }

    private func certificate(_ role: AdoptionNote.Role) -> Message {
        role == .ca ? "the CA" : "the proxy client certificate"
    }

    private func wayOut(_ role: AdoptionNote.Role) -> Message {
        role == .ca || hasCARefusal ? "replace the CA with rotate --ca" : "init or rotate renews it"
    }
}
