// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What people read of this repository: the pages on top, and those below docs/ and ansible/.
enum Pages {
    static let checkout = #filePath.components(separatedBy: "/Tests/")[0]

    /// Every page, by its path from the checkout.
    static func all() throws -> [String: String] {
        let below = try ["docs", "ansible"].flatMap { folder in
            try FileManager.default.subpathsOfDirectory(atPath: "\(checkout)/\(folder)").map {
                "\(folder)/\($0)"
            }
        }
        let top = ["README.md", "README.zh-CN.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        let names = top + below
        return try Dictionary(
            uniqueKeysWithValues: names.filter { $0.hasSuffix(".md") }.map {
                ($0, try String(contentsOfFile: "\(checkout)/\($0)", encoding: .utf8))
            })
    }

    /// Where a relative link leads, as a path from the checkout.
    static func target(of link: String, on page: String) -> String {
        var folders = page.split(separator: "/").dropLast()
        for part in link.split(separator: "/") where part != "." {
            if part == "..", !folders.isEmpty { folders.removeLast() } else { folders.append(part) }
        }
        return folders.joined(separator: "/")
    }

    /// The last part of a path.
    static func file(of page: String) -> String { page.split(separator: "/").last.map(String.init) ?? page }

    /// The anchor of a heading, as GitHub makes it.
    static func anchor(_ heading: String) -> String {
        String(heading.lowercased().filter { $0.isLetter || $0.isNumber || " -_".contains($0) }).replacing(
            " ", with: "-")
    }

    /// The lines of a page's fenced blocks, each block with what stands behind its ```.
    static func blocks(_ page: String) -> [(kind: String, text: String)] {
        page.matches(of: /(?m)^```([^\n`]*)\n((?:.*\n)*?)```$/).map { (String($0.1), String($0.2)) }
    }
}
