// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Spec
import StateStore
import Values

/// What a rotation will do, in words.
struct RotationOutlineText {
    let outline: RotationOutline
    let spec: ClusterSpec
    let nodes: [String]
    /// The state directory.
    let state: String

    init(_ outline: RotationOutline, _ run: Run) {
        self.init(outline, spec: run.spec, nodes: run.nodes.map(\.name), state: run.state.path)
    }

    init(_ outline: RotationOutline, spec: ClusterSpec, nodes: [String], state: String) {
        self.outline = outline
        self.spec = spec
        self.nodes = nodes
        self.state = state
    }

    var lines: [Message] {
        [title] + stages.map { "  \($0)" }
            + ["it waits at least \(outline.waitSeconds) s in all: a time limit must be longer", ""]
    }

    /// A line for each part: its stage, and what it does.
    var stages: [Message] {
        outline.parts.map { part in
            let name = part.stage.rawValue
            let blanks = String(repeating: " ", count: max(0, 10 - name.count))
            return "\(part.stage.label) \(name)\(blanks) \(text(part))"
        }
    }

    private var title: Message {
        switch outline.purpose {
        case .replace:
            "replace the requestheader CA of \(spec.cluster) on \(list: nodes)"
        case .resume(let since):
            "continue the rotation of the requestheader CA of \(spec.cluster), begun at \(since)"
        case .abort(let since):
            "abort the rotation of the requestheader CA of \(spec.cluster), begun at \(since)"
        }
    }

    private var isAbort: Bool {
        if case .abort = outline.purpose { true } else { false }
    }

    private func path(_ file: String) -> String { "\(spec.certificates.directory)/\(file)" }

    private func text(_ part: RotationOutline.Part) -> Message {
        switch part {
        case .preflight:
            "checks that every control plane is ready, that all have the same CA, and that the spec lists every API "
                + "server; if not, it stops here"
        case .move(let paths):
            "brings \(list: paths) to \(spec.certificates.directory) and changes the flags, "
                + "with a restart of each control plane in turn"
        case .newCA: "a new CA and new proxy client certificates, in \(state) only"
        case .crossCertificate: "a cross certificate: the new CA, signed by the old one, in \(state) only"
        case .trust(let seconds):
            "\(path(spec.certificates.files.ca)) gets both CAs; waits until the TLS handshakes of each API server, and "
                + "of other programs that read the file, name both, at most \(seconds) s"
        case .extensions(let seconds, true, _):
            "gives the extension API servers \(seconds) s to trust both, and continues without those that do not"
        case .extensions(let seconds, false, let isCrossSigned):
            "waits until all extension API servers trust both, at most \(seconds) s; if one does not, it stops there "
                + "with both CAs trusted" + (isCrossSigned ? Self.passing : "")
        case .leaves(let isCrossSigned): leaves(isCrossSigned)
        case .soak(let seconds, let reread): soak(seconds, reread)
        case .drop(let seconds):
            "\(path(spec.certificates.files.ca)) gets one CA; waits until no program that reads it names the one that is "
                + "dropped; removes that from the ConfigMap of the extension API servers and watches it for \(seconds) s"
                + (isAbort ? "" : "; from here on it cannot be aborted")
        case .proof(let isEmergency):
            "every API server answers 401 to the certificates of the CA that is dropped"
                + (isEmergency ? ", and no extension API server trusts the old CA" : "")
                + "; their keys are destroyed"
        }
    }

    private static let passing: Message =
        ", unless it trusts the old CA: it is named, and accepts the cross certificate until it is restarted"

    private func leaves(_ isCrossSigned: Bool) -> Message {
        let files = spec.certificates.files
        let pair: Message =
            isCrossSigned
            ? "new \(path(files.key)) and \(path(files.certificate)) followed by the cross certificate"
            : "new \(path(files.key)) and \(path(files.certificate))"
        return
            "\(pair), one control plane after the other; each waits until all API servers accept them, and gets the old "
            + "ones back if one does not"
    }

    private func soak(_ seconds: Int, _ reread: Int?) -> Message {
        let more: Message? = reread.map {
            "\($0) s for a kube-apiserver that reads its files each minute (before 1.23)"
        }
        if seconds == 0, let more { return "none, but \(more)" }
        return "\(seconds) s with both CAs trusted" + (more.map { ", and \($0)" } ?? "")
    }
}

extension BlastRadius {
    /// For people, before anything is changed.
    var lines: [Message] { heads + details.map { "  \($0)" } }

    /// The same for programs.
    var texts: [Message] { heads + details }

    private var heads: [Message] {
        let key: Message =
            cause == .compromisedCA ? "the CA's key" : "the key of a proxy client certificate"
        let first: Message =
            "anyone who has \(key) can act as any user on every API server and extension API server, system:masters "
            + "included, until the old CA is trusted nowhere; certificates cannot be revoked, so the CA is replaced"
        guard services?.isEmpty == false else { return [first] }
        return [
            first,
            "these answer 401 from S4 on until their servers have loaded the new CA; S3 waits \(seconds) s for that; "
                + "restart those that S3 names:",
        ]
    }

    private var details: [Message] { failing + staying }

    private var failing: [Message] {
        guard let services else {
            return ["which APIServices will fail is not known: there is no kubeconfig (apiServer.kubeconfig)"]
        }
        return services.isEmpty
            ? ["no APIService has a server of its own: nothing will fail"] : services.map(\.text)
    }

    private var staying: [Message] {
        clientCAs.isEmpty ? [] : [ClientCAText.stays(clientCAs, isKeyLost: cause == .compromisedCA)]
    }
}

/// What a rotation does not put right where its old CA signs for clients too.
enum ClientCAText {
    static func stays(_ subjects: [String], isKeyLost: Bool) -> Message {
        let who = subjects.joined(separator: ", ")
        return isKeyLost
            ? "\(who) stays the client CA: anyone who has its key can still make client certificates for any user. "
                + "Replace the client CA too (--client-ca-file); this program does not"
            : "\(who) stays the client CA: the stolen certificate is still accepted as that of a client with its own name. "
                + "Give that name no permission, or replace the client CA (--client-ca-file)"
    }
}

extension BlastRadius.Service {
    fileprivate var text: Message {
        let reached: Message = places.isEmpty ? "no endpoint" : "\(list: places)"
        return "\(name): \(service) at \(reached)" + (isAvailable ? "" : ", not available now")
    }
}
