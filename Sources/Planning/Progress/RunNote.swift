// SPDX-License-Identifier: Apache-2.0

import Values

/// What a run says of no node of its own, and of no stage.
package enum RunNote: Sendable, Equatable {
    /// It was asked to stop.
    case stopping(StopPromise)
    /// A warning of kubectl's, in its own words.
    case kubectl(client: Message, warning: String)
    /// What went wrong without stopping the run, in an error's words.
    case trouble(Message)
    case extensionAPIs(ExtensionAPINote)
    case witness(WitnessNote)
    case rotation(RotationNote)
}
