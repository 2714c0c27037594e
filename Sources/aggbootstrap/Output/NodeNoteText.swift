// SPDX-License-Identifier: Apache-2.0

import Planning
import Values

extension NodeNote {
    /// In words, after the node's name.
    var text: Message {
        switch self {
        case .wrote(let files): "\(Message.count(files, "file")) written"
        case .removed(let files): "\(Message.count(files, "file")) removed"
        case .restarted(let unit): "\(unit) restarted, waiting until it is ready"
        case .ready(let unit, let seconds): "\(unit) is ready, \(seconds) s after its restart began"
        case .restoring(let why): "\(why); restoring the old files"
        case .copiesNotStored(let why):
            "cannot store the copies of the previous files (\(why)); the next init does it"
        case .copiesNotRemoved(let why):
            "cannot remove the copies of the old files (\(why)); the next init does it"
        case .acceptanceNotKnown(let doubt):
            "whether the running API server accepts the new proxy client certificate is not known before the proofs: "
                + doubt.text
        case .presents(let serial): "its aggregator presents the new certificate, serial \(serial)"
        case .presentedNotSeen(let why): "cannot see which certificate its aggregator presents: \(why)"
        case .notWatched(let paths):
            "it does not watch \(list: paths) as it is now, and misses the next change: "
                + "remove backups that are hard links to old files, or restart its kube-apiserver"
        }
    }
}

extension NodeNote.Doubt {
    fileprivate var text: Message {
        switch self {
        case .because(let why): "\(why)"
        case .answered(let status): "it answers with HTTP status \(status)"
        case .notAsked: "it has no main process, or the node has no certificate and key"
        }
    }
}
