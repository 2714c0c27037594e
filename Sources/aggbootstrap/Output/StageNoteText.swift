// SPDX-License-Identifier: Apache-2.0

import Planning
import Values

extension StageNote {
    /// In words, after the stage's name.
    var text: Message {
        switch self {
        case .preflight(let note): note.text
        case .issue(let note): note.text
        case .trust(let note): note.text
        case .extensions(let note): note.text
        case .leaves(let subject): "installing a certificate of \(subject) on every control plane"
        case .soak(let seconds, let until):
            "waiting \(seconds) s, until \(until): then connections with old certificates have ended"
        case .drop(let note): note.text
        case .proof(let note): note.text
        }
    }
}

extension StageNote.Preflight {
    fileprivate var text: Message {
        switch self {
        case .controlPlanes(let count): Message.count(count, "control plane")
        case .skipped(let nodes):
            "\(list: nodes) skipped: no requestheader CA there yet; run init afterwards"
        case .undone(let nodes): "an interrupted change of \(list: nodes) was undone"
        case .moves(let paths):
            "bringing \(list: paths) to the paths of the spec, one control plane after the other"
        case .emergencyOrder: "continuing in the order of an emergency"
        case .againAfterwards(let since):
            "for keys that others may have got since \(since), run it again afterwards"
        case .replacesAgain:
            "replacing the CA again: the one that is trusted now was made before its keys were known to be in danger"
        case .replacesOtherLeaves:
            "replacing the CA again: the control planes present certificates that another copy of the state directory has "
                + "issued under the one that is trusted now"
        case .would(let outlook): outlook.text
        }
    }
}

extension StageNote.Outlook {
    fileprivate var text: Message {
        switch self {
        case .undo(let node): "an interrupted change of \(node) would be undone first"
        case .move(let paths):
            "it would first bring \(list: paths) to the paths of the spec, with a restart of each control plane in turn"
        case .takeEmergencyOrder: "it would continue in the order of an emergency"
        case .continueWith(let stage): "it would continue with \(stage.label) \(stage.rawValue)"
        case .returnToOldCA: "it would return to the old CA"
        case .waitForExtensions(let count):
            "it would wait for \(Message.count(count, "extension API server")) to trust the new CA"
        case .waitInVain(let server):
            "it would probably stop in stage S3 (extensions): \(server.text)"
        case .end: "it would end: no control plane was changed"
        }
    }
}

extension StageNote.Issue {
    fileprivate var text: Message {
        switch self {
        case .ca(let subject, let until, let keepsKey):
            "\(subject), until \(until.date)\(keepsKey ? "" : ", whose key is not kept")"
        case .clients(let count, let issuer):
            "\(Message.count(count, "proxy client certificate")) signed by \(issuer)"
        case .crossCertificate(let subject, let issuer, let until):
            "cross certificate \(subject), signed by \(issuer), until \(until.date): it follows each new proxy client "
                + "certificate in its file"
        case .noCrossCertificate: "--cross-sign has no effect on an abort: the old CA stays"
        }
    }
}

extension StageNote.Trust {
    fileprivate var text: Message {
        switch self {
        case .installs: "installing both CAs on every control plane"
        case .reader(let note): note.text
        case .reached: "reached: every API server has loaded both"
        }
    }
}

extension StageNote.Drop {
    fileprivate var text: Message {
        switch self {
        case .removes(let subjects): "removing \(list: subjects) from every control plane"
        case .reader(let note): note.text
        case .watchesConfigMap(let seconds, let until):
            "the extension API servers' ConfigMap gets one CA only; watching it for \(seconds) s, until \(until)"
        case .reached: "reached"
        }
    }
}

extension StageNote.Extensions {
    fileprivate var text: Message {
        switch self {
        case .notChecked: "not checked: there is no kubeconfig"
        case .waits(let subject): "waiting until every extension API server trusts \(subject)"
        case .found(let count): "\(Message.count(count, "extension API server")) behind APIServices"
        case .notWaitedFor(let server, let isVouchedFor):
            isVouchedFor
                ? "\(server.text). Not waited for: restart it; until then it trusts anyone who has the old key"
                : "\(server.text). Not waited for: restart it; until then it answers 401 and trusts anyone who has the "
                    + "old key"
        case .vouchedFor(let endpoint, let service, let issuer, let until):
            "\(endpoint) of \(service) trusts \(issuer) and not the new CA: it accepts the new certificates through the "
                + "cross certificate, until \(until.date); restart it before"
        case .reached: "reached"
        case .reachedWithout(let count): "not waited for: \(count)"
        }
    }
}

extension StageNote.Proof {
    fileprivate var text: Message {
        switch self {
        case .waitsForRefusal:
            "waiting until every API server refuses the certificates of the CA that is dropped"
        case .refused: "every API server answers 401 to the certificates of the CA that is dropped"
        case .waitsForExtensions: "waiting until no extension API server trusts the CA that is dropped"
        case .extensionsNotSeen:
            "cannot see whether extension API servers still trust the CA that is dropped: there is no kubeconfig"
        case .cannotBeTold(let subjects):
            "a client CA has the name \(list: subjects) too, so it cannot be seen whether an extension API "
                + "server still trusts the old CA: restart those that may"
        case .skipped(let server): "skipped (--accept-laggard): \(server.text), and anyone with the old key"
        case .oldKey(let node, let path, let outcome): "\(node): \(path) \(outcome.text)"
        case .clientCAStays(let subjects, let isKeyLost): ClientCAText.stays(subjects, isKeyLost: isKeyLost)
        case .reached:
            "reached: the certificates of the CA that is dropped are refused, and their keys are destroyed"
        case .reachedBefore: "reached before"
        case .abortedBeforeCertificates: "reached: aborted before a certificate was made"
        case .staysValid(let subject, let issuer, let until):
            "the cross certificate of \(subject), signed by \(issuer), stays valid until \(until.date); the key that it "
                + "is for is destroyed"
        }
    }
}

extension StageNote.OldKey {
    fileprivate var text: Message {
        switch self {
        case .removed: "was the key of the old CA: removed"
        case .replaced: "was the key of the old CA: replaced by the new CA's (certificates.ca.onNodes)"
        case .inUse(let program):
            "is the key of the old CA, and \(program) uses it: kept; kubeadm fails while it lies beside the new CA"
        case .elsewhere:
            "is the key of the old CA: kept, since other programs may use that CA; remove it if none does"
        case .unknown:
            "is not the key of the new CA: kept; remove it if nothing else uses it, since kubeadm fails while it lies there"
        }
    }
}

extension StageNote.Server {
    fileprivate var text: Message { "\(endpoint) of \(service): \(why)" }
}
