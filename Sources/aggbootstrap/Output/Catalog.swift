// SPDX-License-Identifier: Apache-2.0

/// The translations of a PO file of gettext: a text's template, and what stands for it in another language.
///
/// Entries without a translation, those that are marked `fuzzy`, and those that are commented out (`#~`) have no effect.
struct Catalog: Sendable {
    private(set) var translations: [String: String] = [:]

    /// - Parameter file: a file that `msgfmt --check` accepts.
    init(_ file: UnsafeBufferPointer<UInt8>) {
        translations.reserveCapacity(file.count / 200)
        var entry = Entry()
        var start = file.startIndex
        while start < file.endIndex {
            let end = file[start...].firstIndex(of: UInt8(ascii: "\n")) ?? file.endIndex
            if entry.isFinished(by: file[start..<end]) { add(&entry) }
            entry.read(file[start..<end])
            start = end + 1
        }
        add(&entry)
    }

    func translation(_ template: String) -> String? { translations[template] }

    private mutating func add(_ entry: inout Entry) {
        // The entry of the empty text is the file's header.
        if !entry.isFuzzy, !entry.id.isEmpty, !entry.translation.isEmpty {
            translations[String(decoding: entry.id, as: UTF8.self)] =
                String(decoding: entry.translation, as: UTF8.self)
        }
        entry = Entry()
    }

    private struct Entry {
        typealias Line = Slice<UnsafeBufferPointer<UInt8>>

        var id: [UInt8] = []
        var translation: [UInt8] = []
        var isFuzzy = false
        private var isTranslation = false

        /// Whether a line is the first one of the next entry.
        func isFinished(by line: Line) -> Bool {
            isTranslation && (line.first == UInt8(ascii: "#") || line.starts(with: "msgid ".utf8))
        }

        mutating func read(_ line: Line) {
            if line.first == UInt8(ascii: "#") {
                if line.starts(with: "#,".utf8) {
                    isFuzzy = isFuzzy || String(decoding: line, as: UTF8.self).contains("fuzzy")
                }
                return
            }
            if line.first == UInt8(ascii: "m") { isTranslation = line.starts(with: "msgstr".utf8) }
            guard let opening = line.firstIndex(of: UInt8(ascii: "\"")),
                let closing = line.lastIndex(of: UInt8(ascii: "\"")), opening < closing
            else { return }
            append(line[(opening + 1)..<closing])
        }

        private mutating func append(_ quoted: Line) {
            var isEscaped = false
            for byte in quoted {
                if !isEscaped, byte == UInt8(ascii: "\\") {
                    isEscaped = true
                    continue
                }
                let meant = isEscaped ? Self.escaped(byte) : byte
                isEscaped = false
                if isTranslation { translation.append(meant) } else { id.append(meant) }
            }
        }

        private static func escaped(_ byte: UInt8) -> UInt8 {
            switch byte {
            case UInt8(ascii: "n"): UInt8(ascii: "\n")
            case UInt8(ascii: "t"): UInt8(ascii: "\t")
            case UInt8(ascii: "r"): UInt8(ascii: "\r")
            default: byte
            }
        }
    }
}
