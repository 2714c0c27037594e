// SPDX-License-Identifier: Apache-2.0

/// A time before something's end, written as the spec writes durations.
struct RenewBefore: Sendable {
    let text: String
    let seconds: Int64
}
