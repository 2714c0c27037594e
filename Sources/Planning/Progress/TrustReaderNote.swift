// SPDX-License-Identifier: Apache-2.0

import Values

/// What is said of a program beside kube-apiserver that reads the requestheader CA's file of a control plane.
package struct TrustReaderNote: Sendable, Hashable {
    /// What all who read the file are waited for.
    package enum Goal: Sendable, Hashable {
        case loadsBoth
        case trustsNoMore(subjects: [String])
    }

    package enum Standing: Sendable, Hashable {
        case reached(Goal)
        case waits
        /// The operator said so.
        case skipped(why: Message)
        case cannotBeChecked(why: Message)
        case asksForNoCertificate
        case namesNoCA
        /// An emergency goes on without it.
        case notWaitedFor(why: Message)
    }

    package let node: String
    /// The program, its process, and where it listens.
    package let reader: String
    package let standing: Standing

    package init(node: String, reader: String, _ standing: Standing) {
        (self.node, self.reader, self.standing) = (node, reader, standing)
    }
}
