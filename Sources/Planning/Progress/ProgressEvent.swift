// SPDX-License-Identifier: Apache-2.0

import Values

/// What a run says while it works: values, which floor 5 says in words.
package enum ProgressEvent: Sendable, Equatable {
    /// About no node of its own, and no stage.
    case line(RunNote)
    /// Of a stage of a CA's rotation.
    case stage(StageNote)
    /// A rollout begins, with the names of the nodes that must be changed.
    case began([String])
    /// What is being done on a node now; of no use in a log, where only what has been done is worth a line.
    case step(node: String, NodeStep)
    /// What has been done on a node.
    case note(node: String, NodeNote)
    /// What became of a node.
    case ended(NodeResult)
    /// The rollout is over.
    case finished
}
