// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import OpenSSL
import StateStore
import Values

/// The terminal, if there is one.
package enum Terminal {
    /// Whether a question can be asked and answered.
    package static var isInteractive: Bool { LocalHost.isInteractive }

    /// Where lines go.
    package enum Stream: Int32, Sendable {
        case output = 1
        case error = 2
    }

    /// Whether `stream` is a terminal to colour: NO_COLOR and TERM=dumb say no.
    package static func wantsColor(_ stream: Stream) -> Bool {
        LocalHost.isTerminal(stream.rawValue) && (LocalHost.environment("NO_COLOR") ?? "").isEmpty
            && LocalHost.environment("TERM") != "dumb"
    }

    /// Whether what stands on the standard error can be written over.
    package static var canRedraw: Bool {
        LocalHost.isTerminal(Stream.error.rawValue) && !isDumb
    }

    /// Columns and rows of the terminal on the standard error; nil where it does not say.
    package static var errorSize: (columns: Int, rows: Int)? {
        LocalHost.terminalSize(Stream.error.rawValue)
    }

    /// Columns and rows of the terminal on the standard output; nil where it is none, or does not say.
    package static var outputSize: (columns: Int, rows: Int)? {
        LocalHost.isTerminal(Stream.output.rawValue) ? LocalHost.terminalSize(Stream.output.rawValue) : nil
    }

    /// Whether the standard output is a terminal that can be written over.
    package static var canRedrawOutput: Bool {
        LocalHost.isTerminal(Stream.output.rawValue) && !isDumb
    }

    /// Whether the terminal takes more than ASCII, as the locale says.
    package static var isUTF8: Bool { !isDumb && takesUTF8(LocalHost.setting) }

    /// Whether the locale's characters are UTF-8.
    /// - Parameter setting: a variable of the environment that is not empty.
    package static func takesUTF8(_ setting: (String) -> String?) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(setting).first ?? ""
        let encoding = locale.prefix { $0 != "@" }.lowercased()
        return ["utf-8", "utf8"].contains { encoding.hasSuffix(".\($0)") }
    }

    private static var isDumb: Bool { ["", "dumb"].contains(LocalHost.environment("TERM") ?? "") }

    /// Whether lines on the standard error are to begin with the time: in a log, unless it is systemd's journal.
    package static var wantsTimes: Bool {
        !LocalHost.isTerminal(Stream.error.rawValue) && LocalHost.environment("JOURNAL_STREAM") == nil
    }

    /// What begins a line on the standard error that tells of a failure: the journal's priority for it.
    package static var failurePrefix: String { LocalHost.isJournal(Stream.error.rawValue) ? "<3>" : "" }

    /// The time now, for example `2026-01-02T03:04:05Z`.
    package static var time: String { LocalHost.now().description }

    /// Whether this is a job of GitHub Actions, which shows `::error` lines at the file that they name.
    package static var isGitHubActions: Bool { LocalHost.environment("GITHUB_ACTIONS") == "true" }
}
