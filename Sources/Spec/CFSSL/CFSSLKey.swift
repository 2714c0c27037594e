// SPDX-License-Identifier: Apache-2.0

import Values

/// A key that cfssl knows, and what becomes of it.
enum CFSSLKey {
    case kept(String)
    /// Not kept, for this reason.
    case dropped(String, Message)

    var name: String {
        switch self {
        case .kept(let name), .dropped(let name, _): name
        }
    }
}
