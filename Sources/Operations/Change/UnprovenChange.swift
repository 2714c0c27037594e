// SPDX-License-Identifier: Apache-2.0

import Values

extension BootstrapError {
    /// Why the proofs of a change could not be made: it is in force, and no failure that left every node as it was.
    init(unproven error: any Error) {
        self.init(
            extending: error, status: .proofFailed,
            details: ["the change was made on every node; only its proofs are missing"])
    }

    /// Why what follows a change could not be done: it is in force and proved all the same.
    init(unended error: any Error) {
        self.init(
            extending: error, status: .proofFailed,
            details: ["the change was made on every node; run it again: it finishes"])
    }
}
