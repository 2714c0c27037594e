// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// A directory that must be there with all of its files or not at all.
package struct NewDirectory: Sendable {
    package typealias File = (name: String, content: FileContent, mode: UInt32)

    let path: String
    /// Where it is filled, in the same directory.
    let unfinished: String
    private let files: [File]

    /// - Parameter prefix: begins its name until it is complete.
    package init(_ name: String, in parent: String, unfinished prefix: String, files: [File]) {
        path = "\(parent)/\(name)"
        unfinished = "\(parent)/\(prefix)\(name)"
        self.files = files
    }

    func files(_ owner: FileOwner?) -> [FileWrite] {
        files.map { FileWrite("\(unfinished)/\($0.name)", $0.content, mode: $0.mode, owner: owner) }
    }
}
