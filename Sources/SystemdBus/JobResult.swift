// SPDX-License-Identifier: Apache-2.0

/// How a job of systemd ended (org.freedesktop.systemd1(5), signal JobRemoved).
package enum JobResult: Sendable, Equatable, CustomStringConvertible {
    case done
    /// Another job or an operator cancelled it.
    case canceled
    /// systemd's own job timeout ran out.
    case timeout
    case failed
    /// A unit that it depends on failed.
    case dependency
    case skipped
    /// A word that this version does not know.
    case other(String)

    init(_ word: String) {
        switch word {
        case "done": self = .done
        case "canceled": self = .canceled
        case "timeout": self = .timeout
        case "failed": self = .failed
        case "dependency": self = .dependency
        case "skipped": self = .skipped
        default: self = .other(word)
        }
    }

    /// systemd's word.
    package var description: String {
        switch self {
        case .done: "done"
        case .canceled: "canceled"
        case .timeout: "timeout"
        case .failed: "failed"
        case .dependency: "dependency"
        case .skipped: "skipped"
        case .other(let word): word
        }
    }
}
