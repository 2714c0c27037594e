// SPDX-License-Identifier: Apache-2.0

/// What a run does first that was asked to stop.
package enum StopPromise: Sendable, Equatable {
    /// It finishes the node in progress.
    case node
    /// It finishes the step in progress; waits end at once.
    case step
    /// It removes the canary's objects.
    case canary
}
