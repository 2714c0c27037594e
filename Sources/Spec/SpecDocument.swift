// SPDX-License-Identifier: Apache-2.0

import Values

/// Specs as text: what `aggbootstrap spec init` writes.
package enum SpecDocument {
    /// The file name of the JSON Schema that a spec refers to.
    package static let schemaFileName = "aggbootstrap.schema.json"

    /// The smallest spec of a cluster, with a `$schema` for editors; ends with a line feed.
    ///
    /// It is a valid spec where the arguments are valid values of `cluster`, `nodes[].name` and so on; other texts are
    /// escaped and reported when it is read.
    package static func minimal(cluster: String, nodes: [NewNode]) -> String {
        """
        {
          "$schema": \(json(schemaFileName)),
          "apiVersion": \(json(SpecFields.apiVersion)),
          "cluster": \(json(cluster)),
          "nodes": [
            \(nodes.map(\.json).joined(separator: ",\n    "))
          ]
        }

        """
    }

    /// `text` as a JSON string (RFC 8259, section 7).
    package static func json(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22: literal += "\\\""
            case 0x5c: literal += "\\\\"
            case 0x0a: literal += "\\n"
            case 0x00...0x1f, 0x7f: literal += "\\u\(SpecText.hex(UInt8(scalar.value), width: 4))"
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "\""
    }
}
