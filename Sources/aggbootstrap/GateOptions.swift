// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Proofs
import Values

/// What a rotation waits for, and what it goes on without.
struct GateOptions: ParsableArguments {
    static let title = "What the run skips and waits for"

    @Option(
        help: ArgumentHelp(
            "Continue even if an extension API server of this Service, or a program on a control plane (cp1/kube-scheduler), does "
                + "not trust the new CA; repeatable.",
            valueName: "namespace/name"))
    var acceptLaggard: [String] = []

    @Flag(help: "Replace the CA even if there is no kubeconfig to find the extension API servers with.")
    var acceptUnseenExtensions = false

    @Option(
        help: ArgumentHelp(
            "Continue even if an API server at this address is not in the spec; repeatable.",
            valueName: "address"))
    var acceptUnlisted: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long both CAs stay trusted after every control plane presents a certificate of the new one.",
            discussion: "Default: 90; with --compromised 0.", valueName: "seconds"),
        transform: OptionValue.seconds)
    var soak: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long to watch that the old CA, once dropped, does not come back to the extension API servers.",
            discussion: "Default: 120.", valueName: "seconds"),
        transform: OptionValue.seconds)
    var watch: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long to wait for a kube-apiserver that reads its files each minute (before 1.23).",
            discussion: "Default: 65.", valueName: "seconds"),
        transform: OptionValue.seconds)
    var reloadWait: Int?

    @Flag(
        help:
            "Do not run the canary, which shows the certificate that each aggregator presents; wait --reload-wait instead."
    )
    var noCanary = false

    @Option(
        help: ArgumentHelp(
            "The IP address at which control planes reach this machine for the canary, with a port if it must be a certain one.",
            valueName: "address[:port]"))
    var canaryAddress: String?

    func validate() throws {
        for service in acceptLaggard where service.split(separator: "/").count != 2 {
            throw UsageError.validation("--accept-laggard \(service) is not of the form NAMESPACE/NAME")
        }
        if noCanary && canaryAddress != nil {
            throw UsageError.validation("--no-canary and --canary-address are both given")
        }
    }

    /// Those given that are about the replacement of a CA alone.
    var ofTheCA: [String] {
        [
            ("--accept-laggard", !acceptLaggard.isEmpty),
            ("--accept-unseen-extensions", acceptUnseenExtensions),
            ("--accept-unlisted", !acceptUnlisted.isEmpty), ("--soak", soak != nil),
            ("--watch", watch != nil),
        ].filter(\.1).map(\.0)
    }

    /// Those given that are about what a running kube-apiserver does with a new pair.
    var ofLivePairs: [String] {
        [
            ("--reload-wait", reloadWait != nil), ("--no-canary", noCanary),
            ("--canary-address", canaryAddress != nil),
        ].filter(\.1).map(\.0)
    }

    /// Those that were given.
    private var waits: [(name: String, value: Int)] {
        [("--soak", soak), ("--watch", watch), ("--reload-wait", reloadWait)].compactMap { name, value in
            value.map { (name, $0) }
        }
    }

    /// The same, as arguments of another run.
    var arguments: [String] {
        var arguments: [String] = []
        for service in acceptLaggard { arguments += ["--accept-laggard", service] }
        for address in acceptUnlisted { arguments += ["--accept-unlisted", address] }
        for (name, value) in waits { arguments += [name, "\(value)"] }
        if acceptUnseenExtensions { arguments.append("--accept-unseen-extensions") }
        if noCanary { arguments.append("--no-canary") }
        if let canaryAddress { arguments += ["--canary-address", canaryAddress] }
        return arguments
    }

    /// - Throws: `usage/canary-address`.
    func witness() throws -> WitnessOptions {
        WitnessOptions(isWanted: !noCanary, address: try canaryAddress.map { try CanaryAddress($0) })
    }

    /// For proxy clients alone.
    func leafOptions() throws -> LeafRotation.Options {
        .init(reloadSeconds: reloadWait ?? 65, witness: try witness())
    }

    /// For the CA.
    func caOptions() throws -> RotationOptions {
        var options = RotationOptions()
        options.acceptsLaggards = Set(acceptLaggard)
        options.acceptsUnseenExtensions = acceptUnseenExtensions
        options.acceptsUnlisted = Set(acceptUnlisted)
        options.soakSeconds = soak
        if let watch { options.watchSeconds = watch }
        if let reloadWait { options.reloadSeconds = reloadWait }
        options.witness = try witness()
        return options
    }
}
