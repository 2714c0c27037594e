// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Proofs
import Values

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that the aggregation layer works; without --canary, nothing is changed.",
        discussion: """
            Each proof is a line: ok, FAIL, or -- if it cannot be made, with the reason. The exit status is 4 if one fails.

            With --canary it changes the cluster while it runs: it runs a temporary extension API server (the canary) on this \
            machine, registers it as the APIService v1.canary.aggbootstrap.io, asks each control plane for it, and \
            checks the certificate that each one presented. All of it is removed at the end, also after ^C; what a \
            killed run left is removed by the next one.

            With --as-request it sends no such request. It reads flags and CA files of each control plane of the spec, live or \
            below --root, and says whom its kube-apiserver would take a request with that client certificate and those \
            headers for, and why. The exit status is 4 if one of them would refuse it, if they disagree, or if it cannot be told.

            With --offline it judges files, so that a CI job can refuse a bad change: it needs no spec, no network and no \
            passphrase. Each finding has a code, what kube-apiserver does then, and the way out. The exit status is 4 if there \
            is an error.

            Examples:
              aggbootstrap verify
              aggbootstrap verify --canary
              aggbootstrap verify --as-request client.pem --header 'X-Remote-User: alice' --header 'X-Remote-Group: dev'
              aggbootstrap verify --offline out --kubernetes-version 1.33
              aggbootstrap verify --offline kube-apiserver.service ca.pem client.pem client-key.pem
            """)

    @OptionGroup var spec: SpecOptions
    @OptionGroup var output: VerifyOutput
    @OptionGroup var lint: LintOptions

    @Flag(help: "Fail with status 4 also if a proof cannot be made.")
    var requireProof = false

    @Flag(
        help:
            "Also prove the whole path through each control plane with a temporary extension API server; needs a kubeconfig."
    )
    var canary = false

    @Option(
        help: ArgumentHelp(
            "The address at which control planes reach this machine for --canary.",
            discussion: "Default: this machine's address on the route to them, and a free port.",
            valueName: "address[:port]"))
    var canaryAddress: String?

    @Option(
        help: ArgumentHelp(
            "Say whom each kube-apiserver would take a request with this client certificate for.",
            discussion: "A PEM file; a private key in it is not looked at.", valueName: "file"),
        completion: .file())
    var asRequest: String?

    @Option(
        help: ArgumentHelp(
            "A header of that request, such as 'X-Remote-User: alice'; repeatable.", valueName: "header"))
    var header: [String] = []

    func validate() throws {
        if asRequest == nil, !header.isEmpty {
            throw UsageError.validation("--header is given without --as-request")
        }
        if asRequest != nil, canary || requireProof {
            throw UsageError.validation(
                "--as-request makes no proofs: it goes without --canary and --require-proof")
        }
        if asRequest != nil, output.output.checks != nil {
            throw UsageError.validation("--as-request has the formats text and json")
        }
        if canaryAddress != nil && !canary {
            throw UsageError.validation("--canary-address is given without --canary")
        }
        if let stray = lint.strays.first {
            throw UsageError.validation("\(stray) is given without --offline")
        }
        guard lint.isGiven else { return }
        let live =
            spec.given + (canary ? ["--canary"] : []) + (requireProof ? ["--require-proof"] : [])
            + (asRequest == nil ? [] : ["--as-request"])
        if let option = live.first { throw UsageError.validation("--offline and \(option) are both given") }
    }

    func run() async throws {
        if lint.isGiven { return try await judgeFiles() }
        let place = { [spec] in (try? SpecLoader.find(spec.spec)) ?? nil }
        try await Console.run(color: output.color, failure: output.failureForm(place)) {
            Console.harden()
            if let asRequest { return try await judge(asRequest) }
            let address = try canaryAddress.map { try CanaryAddress($0) }
            let run = try spec.makeRun(output.verbosity.effects, needs: .trees)
            output.narrator.began(run)
            defer { output.narrator.ended(run) }
            let observed = try await output.narrator.observe(run)
            var proofs = try await output.narrator.timed("proved") {
                try await run.controlPlanes.prove(observed, for: .verification)
            }
            if canary {
                proofs = try await output.narrator.timed("proved by the canary") { [proofs] in
                    try await run.controlPlanes.proveCanary(proofs, observed: observed, address: address)
                }
            }
            let notices = await run.noticesBesideProofs(observed)
            let report = ProofReport(proofs, notices, requireProof: requireProof, canary: canary)
            switch output.output {
            case .text: Console.print(report.lines + [Summary.verified(report)], color: output.color)
            case .json: Console.json(try report.json())
            case .junit, .sarif, .github, .gitlab:
                try output.output.checks.map {
                    try output.show(report.checks(file: try SpecLoader.find(spec.spec)), as: $0)
                }
            }
            return report.status
        }
    }

    private func judge(_ certificateFile: String) async throws -> ExitStatus {
        let request = try SampleRequest(certificateFile: certificateFile, headers: header)
        let run = try spec.makeRun(output.verbosity.effects, needs: .trees)
        output.narrator.began(run)
        defer { output.narrator.ended(run) }
        let observed = try await output.narrator.observe(run)
        let report = RequestReport(
            request: request, nodes: try await run.controlPlanes.judge(request, observed: observed))
        switch output.output {
        case .text: Console.print(report.lines, color: output.color)
        default: Console.json(try JSONText.of(RequestDocument(report)))
        }
        return report.status
    }

    /// What lies in files alone.
    private func judgeFiles() async throws {
        let place = { [lint] in lint.offline.first { !$0.isEmpty } }
        try await Console.run(color: output.color, failure: output.failureForm(place)) {
            Console.harden()
            let result = try await output.narrator.timed("judged") { try await lint.judge() }
            let report = LintReport(result, isStrict: lint.strict)
            switch output.output {
            case .text: Console.print(report.lines, color: output.color)
            case .json: Console.json(try JSONText.of(report.document))
            case .junit, .sarif, .github, .gitlab:
                try output.output.checks.map { try output.show(report.checks, as: $0) }
            }
            return report.status
        }
    }
}
