// SPDX-License-Identifier: Apache-2.0

/// A value of the spec with where it stands; a default stands where the object does that lacks it.
struct Located<Value: Sendable>: Sendable {
    let value: Value
    let location: SourceLocation
    let path: String
}
