// SPDX-License-Identifier: Apache-2.0

/// The stages of a CA's rotation, in their order. At every moment every proxy client in use verifies under every trust
/// bundle in use.
package enum RotationStage: String, Sendable, CaseIterable, Comparable {
    /// All control planes are alike, serve, and can be read.
    case preflight
    /// The new CA and the new proxy clients exist, in the state directory only.
    case issue
    /// Every control plane trusts both CAs.
    case trust
    /// Every extension API server trusts both CAs.
    case extensions
    /// Every control plane presents a proxy client of the new CA.
    case leaves
    /// Connections that were made with the old proxy clients have ended.
    case soak
    /// No control plane trusts the old CA.
    case drop
    /// The old proxy client is refused everywhere, and its key is destroyed.
    case proof

    package static func < (a: RotationStage, b: RotationStage) -> Bool { a.number < b.number }

    /// `S0` to `S7`.
    package var label: String { "S\(number)" }

    private var number: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
