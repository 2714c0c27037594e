// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation
import TestSupport
import Testing

@testable import aggbootstrap

/// Sources/CTranslations/zh_CN.po translates all texts of the sources that people read, and no others.
@Suite struct MessageTranslationTests {
    private static let translations = Language.chineseCatalog().translations

    /// What the sources and the help say to people, each template once, with where it stands.
    private static let templates: Result<[String: [String]], any Error> = Result {
        let exclusions = try NotMessages()
        var places: [String: [String]] = [:]
        for found in try MessageTemplates.inSources() where !exclusions.cover(found) {
            places[found.template, default: []].append("\(found.file):\(found.line)")
        }
        for number in systemErrors { places[String(cString: strerror(number)), default: []].append("errno") }
        for number in certificateErrors {
            places[String(cString: X509_verify_cert_error_string(Int(number))), default: []].append("OpenSSL")
        }
        for text in try HelpTexts.all() { places[text, default: []].append("help") }
        return places
    }

    /// The causes of failed system calls that users meet.
    private static let systemErrors = [
        EACCES, EPERM, ENOENT, EEXIST, ENOSPC, EDQUOT, EROFS, ENOTDIR, EISDIR, ELOOP, ENOTEMPTY, ENAMETOOLONG,
        EMFILE, ENFILE,
        EBUSY, EIO, EPIPE, EBADF, ECONNREFUSED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EADDRINUSE,
        EADDRNOTAVAIL, ENOMEM, EINVAL, ESRCH, EXDEV,
    ]

    /// What OpenSSL has against a certificate, as far as users meet it.
    private static let certificateErrors = [
        X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_SIGNATURE_FAILURE,
        X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
        X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_INVALID_CA, X509_V_ERR_INVALID_PURPOSE,
        X509_V_ERR_PATH_LENGTH_EXCEEDED, X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH,
        X509_V_ERR_CA_MD_TOO_WEAK, X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL,
    ]

    @Test func everyTextIsTranslated() throws {
        let places = try Self.templates.get()
        let missing = places.filter { Self.translations[$0.key] == nil }
        // scripts/templates.sh gives the file that translators fill.
        if let file = ProcessInfo.processInfo.environment["AGGBOOTSTRAP_MISSING_TEMPLATES"] {
            try Self.entries(missing).write(toFile: file, atomically: true, encoding: .utf8)
        }
        #expect(places.count > 2700)
        let shown = missing.sorted { $0.value[0] < $1.value[0] }.map { "\($0.value[0]): \($0.key)" }
        #expect(missing.isEmpty, "\(missing.count) without a translation:\n\(shown.joined(separator: "\n"))")
    }

    @Test func everyTranslationIsUsed() throws {
        let places = try Self.templates.get()
        let literals = try MessageTemplates.literals()
        // Values and marks, such as `%1: %2`, and words by themselves are not looked for; a word stands somewhere.
        let unused = Self.translations.keys.filter { text in
            let hasWords = text.replacing(/%[0-9]+/, with: "").contains(/[A-Za-z]/)
            return hasWords && places[text] == nil
                && (MessageTemplates.isText(text) || !literals.contains(text))
        }.sorted()
        #expect(unused.isEmpty, "\(unused.joined(separator: "\n"))")
    }

    @Test func everyExclusionIsUsed() throws {
        let unused = try NotMessages().unused(for: MessageTemplates.inSources())
        #expect(unused.isEmpty, "\(unused.joined(separator: "\n"))")
    }

    /// `Message` looks that many literals up together.
    @Test func noTextHasMoreLiteralsThanAreLookedUp() throws {
        let long = try MessageTemplates.inSources().filter { $0.parts > 6 }
        #expect(long.isEmpty, "\(long.map { "\($0.file):\($0.line)" })")
    }

    @Test func translationsHaveTheSameValues() {
        for (text, translation) in Self.translations {
            let wrong = Self.values(text).symmetricDifference(Self.values(translation)).sorted()
            #expect(wrong.isEmpty, "\(wrong) of: \(text)\n\(translation)")
            let lines = [text, translation].map {
                $0.split(separator: "\n", omittingEmptySubsequences: false)
            }
            #expect(lines[0].count == lines[1].count, "\(text)")
        }
    }

    /// What is typed or looked for is the same: options, commands, variables.
    @Test func translationsHaveTheSameNames() {
        func names(_ text: String) -> Set<String> {
            Set(text.matches(of: /--[a-z][a-z-]+|`[^`]+`|\$[A-Z_]{3,}/).map { String($0.output) })
        }
        for (text, translation) in Self.translations {
            #expect(names(translation) == names(text), "\(text)\n\(translation)")
        }
    }

    @Test func translationsAreSetAsTheyAreRead() {
        for (text, translation) in Self.translations {
            let prose = translation.replacing(/%[0-9]+/, with: "□")
            #expect(PageTranslationTests.typesettingFaults(prose) == [], "\(text)\n\(translation)")
        }
    }

    @Test func literalsAreFound() {
        let source = ##"""
            // "no text of a comment"
            let one = "cannot open \(path)" // "nor this one"
            let two = "\(count) \(isOne ? "file" : "files") in " + "the \(of("inner text")) \(other)"
            let three = "first \(a) and"
                + " second \(b), \("nested \(c)")" + x + "after it"
            let four = """
                two lines, \
                joined \(d)
                  and indented
                """
            let five = #"a \d raw "text" \#(e)"#
            let word: Message = isReady ? "ready" : "waiting"
            var text: Message {
                switch self {
                case .named("name"): "named"
                case .other: note("not-a-message") + "other"
                }
            }
            let regex = text.matches(of: /"[^"]* two words"/)
            func fail(_ code: String, _ operation: Message, hint: Message? = nil) {}
            fail("code", "read", hint: "retry")
            note(.count(n, "node"), "single", help: "help is not here", x == "equal" ? "one way" : "or another")
            """##
        let found = MessageTemplates.of(source, file: "").map(\.template)
        #expect(
            found == [
                "cannot open %1", "%1 %2 in the %3 %4", "file", "files", "inner text",
                "first %1 and second %2, %3", "nested %1", "after it",
                "two lines, joined %1\n  and indented", #"a \d raw "text" %1"#, "ready", "waiting", "named",
                "other",
                "read", "retry", "%1 node", "one way", "or another",
            ])
    }

    private static func values(_ text: String) -> Set<String> {
        Set(text.matches(of: /%[0-9]+/).map { String($0.output) })
    }

    /// A PO file of texts without their translations.
    private static func entries(_ missing: [String: [String]]) -> String {
        let sorted = missing.sorted {
            $0.value[0].compare($1.value[0], options: .numeric) == .orderedAscending
        }
        return sorted.map { text, places in
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let quoted = lines.indices.map { index in
                let line = lines[index].replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
                    .replacing("\t", with: "\\t")
                return "\"\(line)\(index + 1 < lines.count ? "\\n" : "")\""
            }.filter { $0 != "\"\"" }
            let id = (quoted.count > 1 ? ["\"\""] : []) + quoted
            let format = values(text).isEmpty ? "" : "#, kde-format\n"
            return
                "#: \(places.joined(separator: " "))\n\(format)msgid \(id.joined(separator: "\n"))\nmsgstr \"\"\n"
        }.joined(separator: "\n")
    }
}
