// SPDX-License-Identifier: Apache-2.0

import Secrets

/// Names of the request headers in which the server expects user and group (`--requestheader-*-headers`).
package struct RequestHeaderNames: Sendable, Equatable {
    package var user: String
    package var group: String

    package init(user: String = "X-Remote-User", group: String = "X-Remote-Group") {
        self.user = user
        self.group = group
    }
}
