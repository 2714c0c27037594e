// SPDX-License-Identifier: Apache-2.0

import Values

/// The user that kube-apiserver takes a request for (`user.Info` of k8s.io/apiserver).
package struct RequestUser: Sendable, Equatable {
    /// A name with its values, in their order.
    package struct Extra: Sendable, Equatable {
        package let key: String
        package var values: [String]

        package init(key: String, values: [String]) { (self.key, self.values) = (key, values) }
    }

    package let name: String
    /// Only of a requestheader with `--requestheader-uid-headers`.
    package var uid: String?
    /// In the order in which kube-apiserver has them; `system:authenticated` is among them.
    package var groups: [String]
    /// Sorted by key.
    package var extra: [Extra]

    static let anonymousName = "system:anonymous"
    static let anonymous = RequestUser(name: anonymousName, groups: ["system:unauthenticated"])

    package init(name: String, uid: String? = nil, groups: [String], extra: [Extra] = []) {
        (self.name, self.uid, self.groups, self.extra) = (name, uid, groups, extra)
    }

    /// The same with the group of all users that are known.
    ///
    /// Source: k8s.io/apiserver, `authentication/group`: somebody who says to be anonymous, or brings one of the two
    /// groups, gets none.
    var authenticated: RequestUser {
        let both = ["system:authenticated", "system:unauthenticated"]
        guard name != Self.anonymousName, !groups.contains(where: { both.containsBytes($0) }) else {
            return self
        }
        var user = self
        user.groups.append(both[0])
        return user
    }
}
