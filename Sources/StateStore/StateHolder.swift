// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Values

/// The process that changes something with a state directory now, as it says itself.
package struct StateHolder: Sendable, Equatable {
    /// Its number.
    package let process: String
    /// Its machine.
    package let host: String
    package let since: String

    package init(process: String, host: String, since: String) {
        (self.process, self.host, self.since) = (process, host, since)
    }

    /// As `AdvisoryLock.announce` writes it; nil where it is something else.
    init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 5, words[1] == "on", words[3] == "since" else { return nil }
        self.init(process: words[0], host: words[2], since: words[4])
    }
}

extension StateDirectory {
    /// Who holds the lock and has begun to change something; nil where nobody has. Changes nothing.
    package func holder() -> StateHolder? {
        // What cannot be seen, as in a state that only its owner may open, is not known to be held.
        guard let text = try? AdvisoryLock.holder(of: "\(path)/lock") else { return nil }
        return StateHolder(text)
    }
}
