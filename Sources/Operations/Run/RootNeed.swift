// SPDX-License-Identifier: Apache-2.0

/// What a command needs of the directory of `--root`.
package enum RootNeed: Sendable {
    /// It makes what is missing, or shows what would be made.
    case nothing
    /// It reads or changes what is there.
    case directory
    /// It reads the nodes' files.
    case trees
}
