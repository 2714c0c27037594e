// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SystemdUnits
@testable import Values

@Suite struct CodedErrorTests {
    private enum Code: String, ErrorCode {
        case full = "disk/full"
        case busy = "disk/busy"

        var reportedStatus: Values.ExitStatus { self == .busy ? .locked : .failed }
        func usualHint(on subject: Message) -> Message? { self == .full ? "free space on \(subject)" : nil }
    }

    private func error(
        _ code: Code, origin: CodedError<Code>.Origin? = nil, hint: Message? = nil
    ) -> CodedError<Code> {
        CodedError(
            code, operation: "write", subject: "/x", underlying: "no", origin: origin, hint: hint,
            details: ["a line"])
    }

    @Test func theTextSaysWhatWasTriedOnWhichThingAndWhy() {
        #expect("\(error(.full))" == "cannot write /x: no")
        #expect("\(error(.full, origin: .line(3)))" == "cannot write /x:3: no")
        #expect("\(error(.full, origin: .errno(28)))" == "cannot write /x: no")
        #expect("\(error(.full, origin: .busError("org.x.No")))" == "cannot write /x: no (org.x.No)")
        #expect("\(BootstrapError("a/b", "it is off"))" == "it is off")
        #expect("\(UnitError(.wrapper, "read", "u", line: 2, cause: "no"))" == "cannot read u:2: no")
    }

    @Test func theReportHasTheErrorsOwnHintOrElseItsCodes() {
        #expect(ErrorReport(error(.full)).hint == "free space on /x")
        #expect(ErrorReport(error(.full, hint: "do this")).hint == "do this")
        #expect(ErrorReport(error(.busy)).hint == nil)
        #expect(ErrorReport(error(.busy)).status == .locked)
    }

    /// What is said on top of an error hides nothing of it.
    @Test func anExtendedErrorKeepsItsCauseCodeHintAndDetails() {
        let cause = error(.busy, hint: "wait")
        let extended = BootstrapError(extending: cause, details: ["more"]) { "cp1: \($0)" }
        #expect(extended.code == "disk/busy" && extended.status == .locked && extended.hint == "wait")
        #expect(extended.message == "cp1: cannot write /x: no" && extended.details == ["a line", "more"])
        let mixed = BootstrapError(extending: extended, status: .mixed)
        #expect(mixed.status == .mixed && mixed.message == extended.message)
        #expect(BootstrapError(extending: error(.full)).hint == "free space on /x")
    }
}
