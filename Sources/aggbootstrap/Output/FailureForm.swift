// SPDX-License-Identifier: Apache-2.0

/// What standard output gets of a command that failed; standard error always gets the words.
enum FailureForm {
    /// Nothing.
    case text
    case json
    /// - Parameter file: what was to be checked.
    case checks(CheckFormat, file: () -> String?)

    init(_ format: OutputFormat) { self = format == .json ? .json : .text }

    func show(_ error: any Error) throws {
        switch self {
        case .text: break
        case .json: Console.document(try JSONText.of(FailureDocument(error)) + "\n")
        case .checks(let format, let file): try FailureChecks.show(error, as: format, file: file())
        }
    }
}
