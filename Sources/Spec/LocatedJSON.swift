// SPDX-License-Identifier: Apache-2.0

import Values

/// A JSON value (RFC 8259) that knows where in its file it begins.
package struct LocatedJSON: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        case null
        case boolean(Bool)
        /// The number as it is written, so that no digit is lost.
        case number(String)
        case string(String)
        case array([LocatedJSON])
        /// Every member in the file's order, duplicate keys included.
        case object([Member])
    }

    /// A key with its value.
    package struct Member: Sendable, Equatable {
        package let key: String
        package let keyLocation: SourceLocation
        package let value: LocatedJSON

        package init(key: String, keyLocation: SourceLocation, value: LocatedJSON) {
            self.key = key
            self.keyLocation = keyLocation
            self.value = value
        }
    }

    /// The value's first character.
    package let location: SourceLocation
    package let value: Value

    package init(location: SourceLocation, value: Value) {
        self.location = location
        self.value = value
    }

    /// How large a document may be.
    package struct Limits: Sendable {
        package let bytes: Int
        /// Arrays and objects within each other; at most 512, so that the stack of any thread holds them.
        package let depth: Int

        package init(bytes: Int = 1 << 20, depth: Int = 32) {
            self.bytes = bytes
            self.depth = min(depth, 512)
        }
    }

    /// Reads one document, strictly by RFC 8259.
    ///
    /// A byte order mark, invalid UTF-8 and escapes of lone surrogates are errors; duplicate keys are not.
    /// - Throws: the first problem; its path is empty.
    package static func parse(_ bytes: [UInt8], limits: Limits = Limits()) throws(SpecProblem) -> LocatedJSON
    {
        if bytes.count > limits.bytes {
            throw SpecProblem(
                at: .start, .tooLarge,
                "the file has \(bytes.count) bytes; at most \(limits.bytes) are read")
        }
        try JSONEncodingCheck(bytes).check()
        var parser = LocatedJSONParser(bytes, depthLimit: limits.depth)
        return try parser.document()
    }

    /// The kind of value in words, for example `an array`.
    package var kind: Message {
        switch value {
        case .null: "null"
        case .boolean: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
