// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Values

extension NodeStatus.Drift {
    /// In words, after the node's name.
    var text: Message {
        switch self {
        case .directory(let path): "\(path) is missing"
        case .file(let path, .create): "\(path) is missing"
        case .file(let path, .replace): "\(path) differs"
        case .file(let path, .setMetadata): "\(path) has another mode or owner"
        case .file(let path, .remove): "\(path) should not exist"
        case .daemonReload: "systemd has not read the unit's files again"
        case .restart(let why): "kube-apiserver must be restarted: \(why)"
        case .openChange: "a change was interrupted"
        case .refused(_, let message, _): "\(message)"
        }
    }
}

extension NodeStatus.Blindness {
    /// Why it is not known, in words.
    var text: Message {
        switch self {
        case .nodeNotRead: "the node could not be read"
        case .offline: "it is offline"
        case .noServer: "its API server is not running"
        case .noHandshake: "its TLS handshake could not be read"
        case .noCertificate: "its CA file holds no certificate"
        }
    }
}
