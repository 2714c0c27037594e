// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// `make check` and `make test` set this, so that a new compiler's warnings never break a user's own build.
let warnings: [SwiftSetting] =
    Context.environment["AGGBOOTSTRAP_WARNINGS"] == "error" ? [.treatAllWarnings(as: .error)] : []
let settings: [SwiftSetting] =
    [.enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility")] + warnings

// Units are read again and again in the tests of whole rollouts: half of their time, if it is not optimised.
let optimised = settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

// What `make` tells the program about its build; a build without it says null (`aggbootstrap version -o json`).
let buildInfo: [CSetting] = ["AGGBOOTSTRAP_COMMIT", "AGGBOOTSTRAP_LIBSYSTEMD"].compactMap { name in
    let value = Context.environment[name]?.filter {
        $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0))
    }
    return value.flatMap { $0.isEmpty ? nil : .define(name, to: "\"\($0)\"") }
}

// Half of the time of a short run is the dynamic loader's: packed relocations, and no symbol that nobody looks for. The
// linker is the one of Swift's own toolchain; the default one knows neither. Symbols are bound at the start: the loader that
// binds one in the middle of a run saves all registers on the stack, with the last bytes of a key that was copied.
let small: [LinkerSetting] = [
    .unsafeFlags(
        ["-use-ld=lld"]
            + ["-z", "pack-relative-relocs", "-z", "now", "--gc-sections", "--no-export-dynamic"]
            .flatMap { ["-Xlinker", $0] },
        .when(configuration: .release))
]

let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
/// Floors 1 and 2.
let belowFloor3: [Target.Dependency] = [
    "LocalFiles", "NodeAccess", "OpenSSL", "PKI", "Planning", "Secrets", "Spec", "SystemdBus", "SystemdUnits",
    "TLS", "Values",
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
        .target(name: "CWipedMemory"),
        // The C compiler embeds the catalogs (`#embed`).
        .target(name: "CTranslations", exclude: ["zh_CN.po"]),
        // Floor 1: values. No C, no I/O, no clock, no randomness.
        .target(name: "Secrets", swiftSettings: settings),
        .target(
            name: "UnitTemplates", path: "templates",
            resources: [
                .embedInCode("dropin.conf.mustache"), .embedInCode("environment.conf.mustache"),
                .embedInCode("kube-apiserver.service.mustache"),
                .embedInCode("schedule.service.mustache"), .embedInCode("schedule.timer.mustache"),
                .embedInCode("status-page.css"),
            ],
            swiftSettings: settings),
        .target(name: "Values", swiftSettings: optimised),
        .target(name: "Spec", dependencies: ["Values"], swiftSettings: settings),
        .target(
            name: "SystemdUnits", dependencies: ["Spec", "UnitTemplates", "Values"],
            swiftSettings: optimised),
        .target(name: "Planning", dependencies: ["Spec", "SystemdUnits", "Values"], swiftSettings: settings),
        // Floor 2: one outside thing each.
        .target(
            name: "LocalFiles", dependencies: ["Secrets", "Spec", "Values", subprocess],
            swiftSettings: settings),
        .target(
            name: "OpenSSL", dependencies: ["COpenSSL", "Secrets", "Values"], swiftSettings: settings),
        .target(
            name: "PKI", dependencies: ["COpenSSL", "OpenSSL", "Planning", "Secrets", "Spec", "Values"],
            swiftSettings: settings),
        .target(
            name: "TLS", dependencies: ["COpenSSL", "OpenSSL", "Secrets", "Spec", "Values"],
            swiftSettings: settings),
        .target(
            name: "NodeAccess", dependencies: ["LocalFiles", "Secrets", "Spec", "Values", subprocess],
            swiftSettings: settings),
        .target(name: "SystemdBus", dependencies: ["CSystemd", "Values"], swiftSettings: settings),
        // Floor 3: parts.
        .target(
            name: "StateStore",
            dependencies: [
                "LocalFiles", "NodeAccess", "OpenSSL", "PKI", "Planning", "Secrets", "Spec", "TLS", "Values",
            ],
            swiftSettings: settings),
        .target(name: "ControlPlane", dependencies: belowFloor3, swiftSettings: settings),
        .target(name: "Proofs", dependencies: belowFloor3 + ["ControlPlane"], swiftSettings: settings),
        // Floor 4: what is done with them.
        .target(
            name: "Operations", dependencies: belowFloor3 + ["ControlPlane", "Proofs", "StateStore"],
            swiftSettings: settings),
        // Floor 5: the command line, and every text that people read.
        .executableTarget(
            name: "aggbootstrap",
            dependencies: [
                "CBuildInfo", "CTranslations", "CWipedMemory", "ControlPlane", "LocalFiles", "Operations",
                "Planning",
                "Proofs",
                "Secrets", "Spec",
                "StateStore", "SystemdUnits", "UnitTemplates", "Values",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings, linkerSettings: small),
        // What several test targets share: temporary directories, running a program, finding optional data.
        .target(
            name: "TestSupport", dependencies: ["Values"], path: "Tests/Support", swiftSettings: settings),
        .testTarget(
            name: "PlanningTests",
            dependencies: [
                "Planning", "Spec", "SystemdUnits", "TestSupport", "UnitTemplates", "Values", "aggbootstrap",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "PKITests",
            dependencies: ["OpenSSL", "PKI", "Planning", "Secrets", "Spec", "TestSupport", "Values"],
            swiftSettings: settings),
        .testTarget(
            name: "NodeAccessTests",
            dependencies: ["LocalFiles", "NodeAccess", "Secrets", "Spec", "TestSupport", "Values"],
            swiftSettings: settings),
        .testTarget(
            name: "SystemdBusTests", dependencies: ["SystemdBus", "TestSupport", "Values"],
            swiftSettings: settings),
        .testTarget(
            name: "TLSTests",
            dependencies: [
                "LocalFiles", "OpenSSL", "PKI", "Planning", "Proofs", "Secrets", "Spec", "SystemdUnits",
                "TLS",
                "TestSupport", "Values",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "OperationsTests",
            dependencies: belowFloor3 + [
                "ControlPlane", "Operations", "Proofs", "StateStore", "TestSupport",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CommandLineTests",
            dependencies: belowFloor3 + [
                "COpenSSL", "ControlPlane", "Operations", "Proofs", "StateStore", "aggbootstrap",
                "TestSupport",
            ],
            exclude: ["Golden", "NotMessages.txt"],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
