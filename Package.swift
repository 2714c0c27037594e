// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// `make check` and `make test` set this, so that a new compiler's warnings never break a user's own build.
let warnings: [SwiftSetting] =
    Context.environment["AGGBOOTSTRAP_WARNINGS"] == "error" ? [.treatAllWarnings(as: .error)] : []
let settings: [SwiftSetting] =
    [.enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility")] + warnings

// What `make` tells the program about its build; a build without it says null (`aggbootstrap version -o json`).
let buildInfo: [CSetting] = ["AGGBOOTSTRAP_COMMIT", "AGGBOOTSTRAP_LIBSYSTEMD"].compactMap { name in
    let value = Context.environment[name]?.filter {
        $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0))
    }
    return value.flatMap { $0.isEmpty ? nil : .define(name, to: "\"\($0)\"") }
}

// Half of the time of a short run is the dynamic loader's: packed relocations, and no symbol that nobody looks for. The
// linker is the one of Swift's own toolchain; the default one knows neither.
let small: [LinkerSetting] = [
    .unsafeFlags(
        ["-use-ld=lld"]
            + ["-z", "pack-relative-relocs", "--gc-sections", "--no-export-dynamic"]
            .flatMap { ["-Xlinker", $0] },
        .when(configuration: .release))
]

let package = Package(
    name: "aggbootstrap",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .target(name: "CBuildInfo", cSettings: buildInfo),
        // Floor 1: values. No C, no I/O, no clock, no randomness.
        .target(name: "Secrets", swiftSettings: settings),
        .target(
            name: "UnitTemplates", path: "templates",
            resources: [
                .embedInCode("dropin.conf.mustache"), .embedInCode("environment.conf.mustache"),
                .embedInCode("kube-apiserver.service.mustache"),
                .embedInCode("schedule.service.mustache"), .embedInCode("schedule.timer.mustache"),
            ],
            swiftSettings: settings),
        .target(
            name: "ClusterPlan",
            dependencies: ["UnitTemplates"],
            swiftSettings: settings),
        // Floor 2: one outside thing each.
        .target(name: "PKI", dependencies: ["COpenSSL", "ClusterPlan", "Secrets"], swiftSettings: settings),
        .target(
            name: "NodeAccess",
            dependencies: [
                "ClusterPlan", "Secrets", .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: settings),
        .target(name: "SystemdBus", dependencies: ["CSystemd", "ClusterPlan"], swiftSettings: settings),
        .target(
            name: "APIServerAccess", dependencies: ["COpenSSL", "ClusterPlan", "Secrets"],
            swiftSettings: settings),
        // Floor 3: the stages.
        .target(
            name: "Bootstrap",
            dependencies: [
                "APIServerAccess", "ClusterPlan", "NodeAccess", "PKI", "Secrets", "SystemdBus",
            ],
            swiftSettings: settings),
        // Floor 4: the command line.
        .executableTarget(
            name: "aggbootstrap",
            dependencies: [
                "Bootstrap", "CBuildInfo", "ClusterPlan", "Secrets",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings, linkerSettings: small),
        // What several test targets share: temporary directories, running a program, finding optional data.
        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: settings),
        .testTarget(
            name: "ClusterPlanTests", dependencies: ["ClusterPlan", "TestSupport", "UnitTemplates"],
            swiftSettings: settings),
        .testTarget(
            name: "PKITests", dependencies: ["ClusterPlan", "PKI", "Secrets", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "NodeAccessTests", dependencies: ["ClusterPlan", "NodeAccess", "Secrets", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "SystemdBusTests", dependencies: ["ClusterPlan", "SystemdBus", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "APIServerAccessTests",
            dependencies: ["APIServerAccess", "ClusterPlan", "PKI", "Secrets", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "BootstrapTests",
            dependencies: [
                "APIServerAccess", "Bootstrap", "ClusterPlan", "NodeAccess", "PKI", "Secrets", "TestSupport",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CommandLineTests", dependencies: ["Bootstrap", "aggbootstrap", "TestSupport"],
            exclude: ["Golden"],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
