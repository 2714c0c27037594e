// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Planning
import Proofs
import Spec
import StateStore
import Values

struct RotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract:
            "Replace the proxy client certificates, or with --ca the requestheader CA, while requests continue.",
        discussion: """
            Without --ca, every control plane gets a new key and certificate of the same CA, one control plane after the \
            other; a kube-apiserver from 1.20 on loads them without a restart. The next one waits until all API servers \
            accept the new certificate; if one refuses it, the old one is restored.

            With --ca, the CA is replaced in stages: first everyone trusts both CAs, the extension API servers too; then every \
            control plane presents a certificate of the new CA; then the old CA is dropped, and every API server must \
            refuse the old certificate. Each stage is verified before the next one begins. After an interruption, run it \
            again: it continues. It needs the old CA's certificate and not its key, so it also works if the state directory was \
            lost or the CA was made by hand.

            With --compromised, the CA is replaced because others may have a key: a certificate cannot be revoked, so \
            the key of a proxy client certificate and the key of the CA both need a new CA. It first says what will fail. Then \
            it runs the same stages without waiting for extension API servers; at the end, none of them may trust the old CA.

            With --if-due, only what is due is replaced, for a timer: the CA, or else the proxy client certificates that are \
            over two thirds of their lifetime or end within --renew-before. A CA rotation that is open is continued. If \
            nothing is due, one line says what is next, and the exit status is 0.

            Examples:
              aggbootstrap rotate
              aggbootstrap rotate --ca --dry-run
              aggbootstrap rotate --ca
              aggbootstrap rotate --compromised leaf
              aggbootstrap rotate --if-due --renew-before 60d --yes
            """)

    @OptionGroup var spec: SpecOptions
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var requests: RequestOptions

    @Flag(help: "Replace the requestheader CA too, or resume a CA rotation that is open.")
    var ca = false

    @Option(
        help: ArgumentHelp(
            "Replace the requestheader CA at once, because others may have the key of a proxy client certificate (leaf) or of the CA (ca).",
            valueName: "key"))
    var compromised: CompromisedKey?

    @Flag(help: "Abort the CA rotation and return to the old CA, as long as that is safe.")
    var abort = false

    @Flag(help: "Replace only what is due, the CA included.")
    var ifDue = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --if-due: only what ends within this time is due (720h, 30d, 1y).",
            valueName: "duration"),
        transform: OptionValue.renewBefore)
    var renewBefore: RenewBefore?

    @Flag(
        help: ArgumentHelp(
            "With --ca: have the old CA sign the new one too. Extension API servers that know only the old one continue to work "
                + "until they are restarted."))
    var crossSign = false

    @Flag(
        help: ArgumentHelp(
            "Continue with a state directory that is older than what the control planes have, because the newer copy is lost."
        ))
    var acceptOlderState = false

    @OptionGroup var gates: GateOptions

    func validate() throws {
        try validateIfDue()
        if let compromised, abort {
            throw UsageError.validation("--compromised \(compromised) and --abort are both given")
        }
        if ca && abort { throw UsageError.validation("--ca and --abort are both given") }
        if crossSign && !ca { throw UsageError.validation("--cross-sign is given without --ca") }
        if replacing == nil, !ifDue, let option = gates.ofTheCA.first {
            throw UsageError.validation("\(option) is given without --ca: it is for a CA rotation only")
        }
        if spec.root != nil, let option = gates.ofLivePairs.first {
            throw UsageError.validation(
                "\(option) and --root are both given: it needs a running kube-apiserver")
        }
        guard let replacing else { return }
        if spec.root != nil {
            throw UsageError.validation(
                "--root and \(replacing) are both given: a CA is replaced on running control planes only")
        }
        if !change.acceptUnhealthy.isEmpty {
            throw UsageError.validation(
                "--accept-unhealthy and \(replacing) are both given: every control plane must be ready")
        }
        if !spec.limit.isEmpty {
            throw UsageError.validation(
                "--limit and \(replacing) are both given: all control planes share the CA")
        }
    }

    /// The option that makes it a CA's replacement; nil where none does.
    var replacing: String? {
        if abort { return "--abort" }
        if compromised != nil { return "--compromised" }
        return ca ? "--ca" : nil
    }

    func run() async throws {
        try await Console.run(color: output.color, format: output.output) {
            Console.harden()
            var options = Planner.Options(includesPending: change.includePending, renewal: .always)
            options.acceptsOlderState = acceptOlderState
            let run = try spec.makeRun(
                output.effects, passphrase: passphrase.read(), options: options,
                acceptUnhealthy: change.acceptUnhealthy, requestFolder: requests.csrDir, needs: .directory)
            output.narrator.began(run)
            defer { output.narrator.ended(run) }
            if ifDue { return try await rotateDue(run) }
            if replacing != nil { return try await rotateCA(run) }
            return try await rotateLeaves(LeafRotation.change(run, gates.leafOptions()))
        }
    }

    // MARK: - Proxy clients

    func rotateLeaves(_ change: Change) async throws -> ExitStatus {
        try await ChangeDialog(output: output, options: self.change, run: change.run, words: .rotate)
            .perform(change).status
    }

    // MARK: - The CA

    /// The last line of a dry run.
    /// - Parameter holder: the run that holds the state directory now.
    private static func planned(_ holder: StateHolder?) -> Message {
        guard let holder else {
            return "plan: the checks of S0 passed; run it again without --dry-run to start"
        }
        return
            "plan: the checks of S0 passed; process \(holder.process) on \(holder.host) holds the state directory since "
            + "\(holder.since): wait until it has ended"
    }

    func rotateCA(_ run: Run) async throws -> ExitStatus {
        var options = try gates.caOptions()
        options.cause = compromised?.cause ?? .asked
        options.crossSigns = crossSign
        let rotation = CARotation(run, options: options)
        let isText = output.output == .text
        if abort, try rotation.open() == nil {
            try rotation.checkState()
            // What a rotation left that was killed before it began.
            if !change.dryRun { _ = try run.lockExisting() }
            if isText {
                Console.print(["no CA rotation is open: nothing to abort"])
            } else {
                Console.json(try RotationDocument("none").json())
            }
            return .done
        }
        // Before anything is said of what is done.
        let lock = change.dryRun ? nil : try run.lockExisting()
        if abort { try await rotation.checkCallingOff(readsNodes: !change.dryRun) }
        let (parts, blastRadius) = try await rotation.preview(isAbort: abort)
        let outline = RotationOutlineText(parts, run)
        if isText {
            Console.print((blastRadius.map { $0.lines + [""] } ?? []) + outline.lines, color: output.color)
        }
        if change.dryRun {
            let document = RotationDocument("planned", outline: outline, blastRadius: blastRadius)
            do { try await rotation.check(isAbort: abort) } catch {
                throw output.failure(error, showing: document)
            }
            if isText {
                Console.print([Self.planned(run.state.holder())], color: output.color)
            } else {
                Console.json(try document.json())
            }
            return .done
        }
        if !isText { Console.notes(blastRadius?.lines ?? []) }
        if !change.yes {
            try Console.consent(
                abort
                    ? "Abort the CA rotation of cluster \(run.spec.cluster)?"
                    : "Replace the CA of cluster \(run.spec.cluster)?")
        }
        if abort, try await !rotation.callOff(lock) { return .done }
        let outcome = try await rotation.converge(lock)
        let proofs = try await output.narrator.timed("proved") { try await outcome.prove() }
        let isBack = outcome.direction == .back
        let new = outcome.leftToInit.joined(separator: ", ")
        let done: Message =
            (isBack ? "the CA rotation is aborted: only the old CA is trusted" : "the CA is replaced")
            + (new.isEmpty ? "" : "; run init for \(new)")
            + (isBack || blastRadius?.clientCAs.isEmpty != false ? "" : "; the client CA is not")
        let report = ProofReport(proofs, requireProof: change.requireProof)
        if isText {
            let note = report.status == .done ? [Summary.backUp(run)] : []
            Console.print(report.lines + note + [Summary.ended(done, report)], color: output.color)
        } else {
            Console.json(try RotationDocument(isBack ? "called-off" : "replaced", proofs: proofs).json())
        }
        return report.status
    }
}

/// How the replacement of a CA ended, as JSON.
struct RotationDocument: Encodable {
    let schemaVersion = JSONText.schemaVersion
    /// `none`, `planned`, `replaced` or `called-off`.
    let result: String
    /// What is going to be done, a line a stage; only where nothing is done yet.
    let stages: [Message]
    /// What will fail meanwhile, and what is open to whom; only before an emergency's rotation.
    let blastRadius: [Message]
    /// What was proved of each node, once it is done.
    let nodes: [ProofReport.Document.Node]

    init(
        _ result: String, outline: RotationOutlineText? = nil, blastRadius: BlastRadius? = nil,
        proofs: [NodeProofs] = []
    ) {
        self.result = result
        self.blastRadius = blastRadius?.texts ?? []
        stages = outline?.stages ?? []
        nodes = ProofReport(proofs).document.nodes
    }

    func json() throws -> String { try JSONText.of(self) }
}

/// The key that others may have.
enum CompromisedKey: String, ExpressibleByArgument, CaseIterable, CustomStringConvertible {
    case leaf
    case ca

    var description: String { rawValue }

    var cause: RotationTerms.Cause {
        switch self {
        case .leaf: .compromisedLeaf
        case .ca: .compromisedCA
        }
    }
}
