// SPDX-License-Identifier: Apache-2.0

/// One line of comma-separated values as kube-apiserver's list flags take it.
///
/// Source: RFC 4180 as Go's encoding/csv reads it.
package enum CommaSeparatedValues {
    /// Joins values; one that holds a comma or a quote, or starts with a space, is quoted.
    package static func join(_ values: [String]) -> String {
        values.map { value in
            let bytes = value.utf8
            guard bytes.first == UnitByte.space || bytes.contains(comma) || bytes.contains(quote) else {
                return value
            }
            let doubled = bytes.flatMap { $0 == quote ? [quote, quote] : [$0] }
            return "\"" + String(decoding: doubled, as: UTF8.self) + "\""
        }.joined(separator: ",")
    }

    /// Splits a line; nil where a quote is not closed or stands within an unquoted value. No text is no value.
    package static func parse(_ text: String) -> [String]? {
        if text.isEmpty { return [] }
        var fields: [String] = []
        var rest = Array(text.utf8)[...]
        while true {
            guard let field = rest.first == quote ? quoted(&rest) : plain(&rest) else { return nil }
            fields.append(String(decoding: field, as: UTF8.self))
            guard let separator = rest.popFirst() else { return fields }
            guard separator == comma else { return nil }
        }
    }

    private static let comma = UInt8(ascii: ",")
    private static let quote = UnitByte.doubleQuote

    private static func plain(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        let field = rest.prefix { $0 != comma }
        rest = rest[field.endIndex...]
        return field.contains(quote) ? nil : Array(field)
    }

    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        rest.removeFirst()
        var field: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte != quote {
                field.append(byte)
            } else if rest.first == quote {
                field.append(rest.removeFirst())
            } else {
                return field
            }
        }
        return nil
    }
}
