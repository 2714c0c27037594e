// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// The fuzz targets, in a package of their own: the program's package needs no flags for them. Sources/ and templates/ are
// symbolic links. Built by Tests/Fuzzing/run.sh.

import PackageDescription

let sanitizers = ["-sanitize=fuzzer,address"]
// Every module shows its internal declarations, and is watched by libFuzzer and by the address sanitizer.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-enable-testing"] + sanitizers),
]

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(name)", swiftSettings: settings)
}

let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
    name: "aggbootstrap-fuzzing",
    dependencies: [
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: [])
    ],
    targets: [
        .systemLibrary(
            name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "openssl",
            providers: [.apt(["libssl-dev"])]),
        module("Secrets", []),
        module("Values", []),
        .target(
            name: "UnitTemplates", path: "templates",
            resources: [
                .embedInCode("dropin.conf.mustache"), .embedInCode("environment.conf.mustache"),
                .embedInCode("kube-apiserver.service.mustache"),
                .embedInCode("schedule.service.mustache"), .embedInCode("schedule.timer.mustache"),
                .embedInCode("status-page.css"),
            ],
            swiftSettings: settings),
        module("Spec", ["Values"]),
        module("SystemdUnits", ["Spec", "UnitTemplates", "Values"]),
        module("Planning", ["Spec", "SystemdUnits", "Values"]),
        module("LocalFiles", ["Secrets", "Spec", "Values", subprocess]),
        module("OpenSSL", ["COpenSSL", "Secrets", "Values"]),
        module("PKI", ["COpenSSL", "OpenSSL", "Planning", "Secrets", "Spec", "Values"]),
        module("TLS", ["COpenSSL", "OpenSSL", "Secrets", "Spec", "Values"]),
        module("NodeAccess", ["LocalFiles", "Secrets", "Spec", "Values", subprocess]),
        module(
            "StateStore",
            [
                "LocalFiles", "NodeAccess", "OpenSSL", "PKI", "Planning", "Secrets", "Spec", "TLS", "Values",
            ]),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "LocalFiles", "NodeAccess", "OpenSSL", "PKI", "Planning", "Secrets", "Spec", "StateStore",
                "SystemdUnits", "TLS", "Values",
            ],
            path: "Targets", swiftSettings: settings),
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzTargets"], path: "Fuzz",
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags(sanitizers)]),
    ],
    swiftLanguageModes: [.v6]
)
