// SPDX-License-Identifier: Apache-2.0

import Values

/// A file or directory of a set-up, with what was made of its bytes.
package struct LintFile: Sendable {
    package enum Content: Sendable, Equatable {
        /// Nothing is there, or nothing was given.
        case absent
        /// It was not looked into.
        case unread
        /// Why the system does not give its bytes.
        case unreadable(Message)
        case certificates([CertificateSummary])
        /// - Parameter hasOthers: whether something else is in the file.
        case key(publicKeySHA256: String, hasOthers: Bool)
        /// It is not what it should be: the code of the error, and its cause.
        case broken(code: String, cause: Message)
    }

    /// Its path on the node.
    package let path: String
    package let kind: ObservedFile.Kind
    package let mode: UInt32
    package let userID: UInt32
    package let content: Content
    /// Whether the bytes begin with a byte order mark.
    package let hasMark: Bool

    package init(
        path: String, kind: ObservedFile.Kind, mode: UInt32 = 0, userID: UInt32 = 0,
        content: Content = .unread, hasMark: Bool = false
    ) {
        self.path = path
        self.kind = kind
        self.mode = mode
        self.userID = userID
        self.content = content
        self.hasMark = hasMark
    }

    /// Empty where it holds none.
    package var certificates: [CertificateSummary] {
        if case .certificates(let list) = content { list } else { [] }
    }

    /// The public half of the key that it holds.
    package var publicKeySHA256: String? {
        if case .key(let digest, _) = content { digest } else { nil }
    }

    var isThere: Bool { kind != .absent }
}
