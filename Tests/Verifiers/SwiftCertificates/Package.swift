// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// A package of its own, so that the program itself does not depend on what checks it.
let package = Package(
    name: "verifiers",
    dependencies: [
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1")
    ],
    targets: [
        .executableTarget(
            name: "verify-swift", dependencies: [.product(name: "X509", package: "swift-certificates")],
            path: ".", sources: ["main.swift"])
    ],
    swiftLanguageModes: [.v6]
)
