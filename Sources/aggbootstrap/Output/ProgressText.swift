// SPDX-License-Identifier: Apache-2.0

import Planning
import Values

extension ProgressEvent {
    /// As a line of a log; nil where it is worth none.
    var logLine: Message? {
        switch self {
        case .line(let note): note.text
        case .stage(let note): "\(note.stage.label) \(note.stage.rawValue): \(note.text)"
        case .note(let node, let note): "\(node): \(note.text)"
        case .began, .step, .ended, .finished: nil
        }
    }
}
