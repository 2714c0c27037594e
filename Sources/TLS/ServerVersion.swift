// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// What a server says at `/version`.
package struct ServerVersion: Sendable, Equatable {
    package let version: KubernetesVersion
    /// `v1.20.2`
    package let gitVersion: String
}
