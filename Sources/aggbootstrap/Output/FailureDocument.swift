// SPDX-License-Identifier: Apache-2.0

import Spec
import StateStore
import Values

/// An error of a command that has something to show all the same; the document is printed once, with the error in it.
struct DocumentedError: Error {
    let cause: any Error
    let document: any Encodable & Sendable
}

/// How a command failed, as JSON: its own document where it has one, and `error` in it.
struct FailureDocument: Encodable {
    /// The same for every command.
    struct Failure: Encodable {
        let code: String
        let message: String
        let hint: String?
        /// Lines that show the cause.
        let details: [String]
        let exitStatus: Int32
        /// What is wrong with a spec; empty for every other error.
        let problems: [Problem]
    }

    /// One problem of a spec, at its place; lines and columns count from 1.
    struct Problem: Encodable {
        let code: String
        let message: String
        let hint: String?
        let file: String
        let line: Int
        let column: Int
        /// For example `nodes[2].address`; empty for syntax.
        let path: String
    }

    private enum Key: CodingKey {
        case schemaVersion
        case error
    }

    let error: Failure
    private let document: (any Encodable)?

    init(_ error: any Error) {
        let documented = error as? DocumentedError
        document = documented?.document
        let cause = documented?.cause ?? error
        if let spec = cause as? SpecProblems {
            self.error = Self.failure(spec)
        } else {
            self.error = Self.failure(ErrorReport(cause))
        }
    }

    init(_ report: ErrorReport) {
        document = nil
        error = Self.failure(report)
    }

    func encode(to encoder: any Encoder) throws {
        try document?.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        if document == nil { try container.encode(JSONText.schemaVersion, forKey: .schemaVersion) }
        try container.encode(error, forKey: .error)
    }

    private static func failure(_ report: ErrorReport) -> Failure {
        Failure(
            code: report.code, message: "\(report.message)", hint: report.hint.map { "\($0)" },
            details: report.lines.map(\.description),
            exitStatus: report.status.rawValue, problems: [])
    }

    private static func failure(_ spec: SpecProblems) -> Failure {
        let count = spec.problems.count
        let problems = spec.problems.map {
            Problem(
                code: $0.code.rawValue, message: "\($0.message)", hint: $0.hint.map { "\($0)" },
                file: spec.fileName,
                line: $0.location.line, column: $0.location.column, path: $0.path)
        }
        return Failure(
            code: "spec/invalid",
            message: "\(spec.fileName) has \(count == 1 ? "a problem" : "\(count) problems"): "
                + (spec.problems.first.map { "\($0)" } ?? ""),
            hint: "aggbootstrap spec validate \(spec.fileName) shows each one at its place", details: [],
            exitStatus: ExitStatus.badSpec.rawValue, problems: problems)
    }
}
