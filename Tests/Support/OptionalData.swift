// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The folder of optional test data (`AGGBOOTSTRAP_TEST_DATA`, else `../shared/data` beside the checkout).
///
/// - Returns: nil where there is none; a test that needs it then says so and passes on.
public func optionalTestData(_ name: String, sourceFile: String = #filePath) -> String? {
    let checkout = sourceFile.components(separatedBy: "/Tests/")[0]
    let root =
        ProcessInfo.processInfo.environment["AGGBOOTSTRAP_TEST_DATA"] ?? "\(checkout)/../shared/data"
    let path = "\(root)/\(name)"
    return FileManager.default.fileExists(atPath: path) ? path : nil
}
