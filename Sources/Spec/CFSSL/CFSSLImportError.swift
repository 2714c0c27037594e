// SPDX-License-Identifier: Apache-2.0

import Values

/// Why cfssl's files give no spec.
package enum CFSSLImportError: Error, Sendable {
    /// Every problem of every file, one element per file, with what was noted before.
    case files([SpecProblems], notes: [CFSSLNote])
    /// What was asked for beside the files does not fit.
    case argument(_ message: Message, hint: Message?)
}
