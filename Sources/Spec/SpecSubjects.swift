// SPDX-License-Identifier: Apache-2.0

import Values

/// Attributes of a certificate's subject, with the upper bounds of X.520 (RFC 5280, appendix A.1).
enum SpecSubjects {
    /// X.520 allows 64; a generation appends a space and 8 hex digits.
    static let caCommonNameLimit = 55

    static func complaint(about text: String, limit: Int) -> SpecComplaint? {
        let scalars = text.unicodeScalars
        if scalars.isEmpty {
            return SpecComplaint(.subject, "an empty text is not a name", hint: "leave the key out")
        }
        if scalars.contains(where: SpecText.isUnprintable) {
            return SpecComplaint(
                .subject, "\(SpecText.quoted(text)) has characters that cannot be printed",
                hint: "a subject holds no control characters")
        }
        if scalars.first == " " || scalars.last == " " {
            return SpecComplaint(
                .subject, "\(SpecText.quoted(text)) starts or ends with a space", hint: "remove the space")
        }
        guard scalars.count <= limit else {
            return SpecComplaint(
                .subject,
                "\(SpecText.quoted(text)) has \(scalars.count) characters; at most \(limit) are allowed")
        }
        return nil
    }

    static func complaint(aboutCACommonName text: String) -> SpecComplaint? {
        if let complaint = complaint(about: text, limit: .max) { return complaint }
        let count = text.unicodeScalars.count
        guard count <= caCommonNameLimit else {
            return SpecComplaint(
                .subject,
                "\(SpecText.quoted(text)) has \(count) characters; at most \(caCommonNameLimit) are allowed",
                hint: "a CA's generation takes 9 of the 64 that a common name may have")
        }
        return nil
    }

    static func complaint(aboutCountry text: String) -> SpecComplaint? {
        let isLetter: (UInt8) -> Bool = { (0x41...0x5a).contains($0 & 0xdf) && $0 < 0x80 }
        guard text.utf8.count == 2, text.utf8.allSatisfy(isLetter) else {
            return SpecComplaint(
                .subject, "\(SpecText.quoted(text)) is not a country of two letters",
                hint: "write its ISO 3166 code, such as \"CN\"")
        }
        return nil
    }
}
