// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Values

extension RunNote {
    var text: Message {
        switch self {
        case .stopping(let promise): "stopping: \(promise.text); a second ^C ends the run at once"
        case .kubectl(let client, let warning): "note: \(client): \(warning)"
        case .trouble(let text): "\(text)"
        case .extensionAPIs(let note): note.text
        case .witness(let note): note.text
        case .rotation(let note): note.text
        }
    }
}

extension StopPromise {
    fileprivate var text: Message {
        switch self {
        case .node: "the node in progress is finished first"
        case .step: "the current step is finished first, a wait is not"
        case .canary: "the canary's objects are removed first"
        }
    }
}

extension ExtensionAPINote {
    fileprivate var text: Message {
        switch self {
        case .notListed(let why): "note: the APIServices cannot be listed: \(why)"
        case .silentBefore(let api, let node, let why):
            "note: \(api) does not answer through \(node) before the change, so the run does not wait for it: \(why)"
        case .notSeen(let node, let why): "note: \(node): cannot see whether extension APIs answer: \(why)"
        case .configMapDeleted(let client):
            "\(client) may not change the ConfigMap \(PublishedCAs.name), so it is deleted; the API servers write it "
                + "again"
        }
    }
}

extension WitnessNote {
    fileprivate var text: Message {
        switch self {
        case .cleared(let names): "removed objects of a killed canary: \(list: names)"
        case .presentedNotSeen(let why): "cannot see which certificate aggregators present: \(why)"
        case .acceptanceNotSeen(let node, let why):
            "\(node): cannot see whether its new certificate is accepted: \(why)"
        }
    }
}

extension RotationNote {
    fileprivate var text: Message {
        switch self {
        case .continues(let since): "continuing the rotation that began at \(since)"
        case .aborts(let since): "aborting the rotation that began at \(since)"
        case .abortedBeforeNewCA: "aborted before a new CA was made: no control plane was changed"
        case .replacesDropped(let subject): "\(subject) was dropped before and is trusted again: replacing it"
        }
    }
}
