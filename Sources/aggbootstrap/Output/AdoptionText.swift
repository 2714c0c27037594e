// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Values

/// What is told of a spec that was made of running control planes.
enum AdoptionText {
    static func lines(_ adoption: Adoption) -> [String] {
        var lines: [String] = []
        if let taken = adoption.taken {
            lines.append(
                "the CA \(taken.subject) and its key are now in the state directory \(taken.state): back it up"
            )
        }
        for kind in AdoptionNote.Kind.allCases {
            let notes = adoption.notes.filter { $0.kind == kind }
            guard !notes.isEmpty else { continue }
            lines += [heading(kind)] + notes.map { "  - \(text($0))" }
        }
        return lines
    }

    private static func heading(_ kind: AdoptionNote.Kind) -> String {
        switch kind {
        case .notKept: "the spec does not keep:"
        case .changes: "init would change:"
        case .advice: "could be better:"
        case .fact: "to know:"
        }
    }

    static func text(_ note: AdoptionNote) -> String {
        switch note.kind {
        case .notKept: notKept(note)
        case .changes: changes(note)
        case .advice, .fact: other(note)
        }
    }

    private static func notKept(_ note: AdoptionNote) -> String {
        switch note {
        case .otherDirectory(let flag, let path, let directory):
            "--\(flag) is \(path): the spec has one directory for all three files, \(directory)"
        case .differs(let node, let what, let found, let kept):
            "\(node): \(what) is \(found), and the spec says \(kept)"
        case .attributes(let role, let names):
            "the subject of \(certificate(role)) has \(names.joined(separator: ", ")), which the spec has no place for"
        case .usage(let name):
            "the proxy client certificate has the usage \"\(name)\", which it does not need"
        case .host(let name):
            "the proxy client certificate has the host \"\(name)\", which is no DNS name or IP address"
        case .key(let role, let found):
            "the key of \(certificate(role)) is \(found ?? "of a type that is not issued"): the spec says ECDSA P-256"
        case .commonName(let role, let found, let kept):
            "the common name of \(certificate(role)) is \(found.map { "\"\($0)\"" } ?? "missing"): the spec says \"\(kept)\""
        case .flag(let name, let found, let kept):
            "--\(name) is \(found.isEmpty ? "empty" : found), and the spec says \(kept)"
        default: ""
        }
    }

    private static func changes(_ note: AdoptionNote) -> String {
        switch note {
        case .layerOff(let nodes):
            "the aggregation layer is off on \(nodes.joined(separator: ", ")): init turns it on, with the CA of the state directory"
        case .sharedCA(let path, let subject, let kept):
            "\(path) (\(subject)) is also the client CA, so anyone with a client certificate could act as any user: the spec has "
                + "a CA of its own, \(kept)"
        case .anyName(let kept):
            "--requestheader-allowed-names is empty, so every certificate of the CA could act as any user: the spec allows "
                + "\(kept) only"
        case .nameNotAllowed(let name):
            "--requestheader-allowed-names lacks \(name), the name of the proxy client certificate, so extension API servers "
                + "reject it: the spec allows it"
        case .noClientAuth:
            "the proxy client certificate lacks the usage \"client auth\", so extension API servers reject it: the spec adds it"
        case .openKey(let node, let path, let mode):
            "\(node): others can read the key \(path) (mode 0\(String(mode & 0o7777, radix: 8))): init sets 0600"
        case .clientsAreIssued:
            "the keys of the proxy client certificates are not in the state directory: init issues new ones from the same CA"
        default: ""
        }
    }

    private static func other(_ note: AdoptionNote) -> String {
        switch note {
        case .sharedPair:
            "all control planes have the same key: with \"perNode\": true each gets one of its own"
        case .longValidity(let days):
            "the proxy client certificate is valid for \(days) days: with aggbootstrap schedule install, \"validity\": \"1y\" "
                + "is enough"
        case .ends(let node, let role, let end):
            "\(node): \(certificate(role)) ends \(end): "
                + (role == .ca ? "replace it with rotate --ca" : "init or rotate renews it")
        case .caKeyOnNode(let node, let path):
            "\(node): the CA's key seems to be in \(path): a control plane does not need it; rotate --ca removes it with the old "
                + "CA"
        case .clusterName(let name):
            "the control planes do not say the cluster's name: it is \"\(name)\"; change it with --cluster"
        case .foreignCA(let subject):
            "the key of the CA \(subject) is in no state directory here, so init refuses to replace it: take it over with "
                + "--ca-key FILE, or replace it with rotate --ca"
        case .noKubeconfig:
            "no --kubeconfig was given: rotate --ca and verify --canary need one (apiServer.kubeconfig)"
        default: ""
        }
    }

    private static func certificate(_ role: AdoptionNote.Role) -> String {
        role == .ca ? "the CA" : "the proxy client certificate"
    }
}
