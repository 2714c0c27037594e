// SPDX-License-Identifier: Apache-2.0

/// Why an operation on a thing failed. There is one such type; each area has its own codes.
package struct CodedError<Area: ErrorCode>: ReportedError, Sendable, Equatable, CustomStringConvertible {
    package typealias Code = Area

    /// What else is known of the cause, for who decides by it.
    package enum Origin: Sendable, Equatable {
        /// The line of the subject; counts from 1.
        case line(Int)
        /// The `errno` value of a failed system call.
        case errno(Int32)
        /// The D-Bus error name, for example `org.freedesktop.DBus.Error.AccessDenied`.
        case busError(String)
    }

    package let code: Area
    package let status: ExitStatus
    /// What was tried, for example `rename`; empty where `underlying` is the whole sentence.
    package let operation: Message
    /// The file, unit, user, program or address that it was tried on.
    package let subject: Message
    /// The cause, as the system, a library or the other side words it; lower case, no full stop.
    package let underlying: Message
    package let origin: Origin?
    /// What to do about this one; nil where only its code tells.
    package let hint: Message?
    /// Lines that show the cause, for example the unit's journal.
    package let details: [Message]
    package let nodes: [NodeResult]

    package init(
        _ code: Area, status: ExitStatus? = nil, operation: Message, subject: Message, underlying: Message,
        origin: Origin? = nil, hint: Message? = nil, details: [Message] = [],
        nodes: [NodeResult] = []
    ) {
        self.code = code
        self.status = status ?? code.reportedStatus
        self.operation = operation
        self.subject = subject
        self.underlying = underlying
        self.origin = origin
        self.hint = hint
        self.details = details
        self.nodes = nodes
    }

    /// The same with other names in its texts, such as the path that a user knows for a temporary one.
    package func mapValues(_ transform: (String) -> String) -> Self {
        Self(
            code, status: status, operation: operation, subject: subject.mapValues(transform),
            underlying: underlying.mapValues(transform), origin: origin, hint: hint?.mapValues(transform),
            details: details, nodes: nodes)
    }

    /// - Parameter subject: a path or a name.
    @_disfavoredOverload
    package init(
        _ code: Area, status: ExitStatus? = nil, operation: Message, subject: String, underlying: Message,
        origin: Origin? = nil, hint: Message? = nil, details: [Message] = [],
        nodes: [NodeResult] = []
    ) {
        self.init(
            code, status: status, operation: operation, subject: Message(verbatim: subject),
            underlying: underlying,
            origin: origin, hint: hint, details: details, nodes: nodes)
    }

    package var reportedCode: String { code.reportedCode }
    package var reportedHint: Message? { hint ?? code.usualHint(on: subject) }

    /// The line of the subject that is meant; nil where it is no single one.
    package var line: Int? { if case .line(let number) = origin { number } else { nil } }
    /// The `errno` value of a failed system call; 0 otherwise.
    package var errno: Int32 { if case .errno(let number) = origin { number } else { 0 } }
    /// The D-Bus error name; nil where there is none.
    package var errorName: String? { if case .busError(let name) = origin { name } else { nil } }

    package var description: String { message.description }

    package var message: Message {
        guard !operation.isEmpty else { return underlying }
        let place = line.map { ":\($0)" } ?? ""
        let name = errorName.map { " (\($0))" } ?? ""
        return "cannot \(operation) \(subject)\(place): \(underlying)\(name)"
    }
}
