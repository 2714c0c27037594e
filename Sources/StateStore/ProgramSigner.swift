// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Values

/// The program of `certificates.ca.signer`: a certificate request in, a certificate out.
struct ProgramSigner: Sendable {
    let words: [String]

    /// How long it may take.
    static let timeoutSeconds = 120

    private var program: String { words.first ?? "" }

    /// What an error calls what it has written.
    func title(for owner: Message) -> Message { "the certificate that \(program) returned for \(owner)" }

    /// Has a request signed; blocks.
    /// - Returns: what the program has written to its standard output, unseen.
    /// - Throws: `signer/...` where it cannot be started or does not end with 0, with its last lines of standard error.
    func sign(_ request: [UInt8], for owner: Message) throws -> [UInt8] {
        let program = PipedProgram(program, Array(words.dropFirst()), timeoutSeconds: Self.timeoutSeconds)
        let result: PipedProgram.Result
        do { result = try program.run(input: request) } catch {
            throw BootstrapError(
                "signer/not-started",
                "cannot run \(self.program) (certificates.ca.signer), to have the certificate of \(owner) signed: \(error.underlying)",
                hint: "check that \(self.program) is installed, executable and on the PATH")
        }
        let byHand: Message = "give the request to \(self.program) by hand to see why; nothing was changed"
        switch result.ending {
        case .exited(0): return result.output
        case .exited(let status):
            throw failure("signer/failed", owner, "it ended with status \(status)", byHand, result)
        case .signaled(let signal):
            throw failure("signer/failed", owner, "signal \(signal) ended it", byHand, result)
        case .timedOut:
            throw failure(
                "signer/timeout", owner, "it had not ended after \(program.timeoutSeconds) s",
                "see what \(self.program) waits for: it has no terminal and must ask nobody", result)
        case .wroteTooMuch:
            throw failure(
                "signer/too-much", owner, "it wrote more than \(PipedProgram.mostBytes >> 20) MiB",
                "let it write only the certificate to its standard output", result)
        }
    }

    private func failure(
        _ code: String, _ owner: Message, _ why: Message, _ hint: Message, _ result: PipedProgram.Result
    ) -> BootstrapError {
        BootstrapError(
            code, "\(program) (certificates.ca.signer) did not sign the certificate of \(owner): \(why)",
            hint: hint, details: result.errors.map { "\(SafeText.line(String($0.prefix(400))))" })
    }
}
