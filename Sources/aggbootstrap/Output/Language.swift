// SPDX-License-Identifier: Apache-2.0

import CTranslations
import LocalFiles
import Values

/// The language of what people read. Codes, JSON and every other document for a program are the same in each.
enum Language: Sendable {
    case english
    case chinese

    /// The one of this session.
    static let current = Language(
        Dictionary(
            uniqueKeysWithValues: variables.compactMap { name in
                LocalHost.environment(name).map { (name, $0) }
            })
    )

    /// Nil in English. It is read at its first use, so a session in English does not pay for it.
    static let catalog: Catalog? =
        switch current {
        case .english: nil
        case .chinese: chineseCatalog()
        }

    private static let variables = ["LANGUAGE"] + localeVariables
    private static let localeVariables = ["LC_ALL", "LC_MESSAGES", "LANG"]

    /// As gettext decides it: the first variable of the locale that is not empty counts; `LANGUAGE` lists the languages that
    /// are wanted, unless the locale is that of programs, C.
    init(_ environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

        let locale = Self.localeVariables.lazy.compactMap(value).first ?? "C"
        let parts = locale.prefix { $0 != "@" }.split(separator: ".", maxSplits: 1)
        let encoding = parts.count > 1 ? parts[1].lowercased() : ""
        guard let name = parts.first, name != "C", name != "POSIX", ["utf-8", "utf8"].contains(encoding)
        else {
            self = .english
            return
        }
        let wanted = value("LANGUAGE")?.split(separator: ":") ?? [name]
        self = wanted.lazy.compactMap(Self.named).first ?? .english
    }

    /// - Returns: nil for a language that there is no catalog of, Chinese in traditional characters too.
    private static func named(_ locale: Substring) -> Self? {
        let name = locale.prefix { !".@".contains($0) }.lowercased().replacing("-", with: "_")
        if name == "en" || name.hasPrefix("en_") { return .english }
        let isSimplified = ["zh_cn", "zh_sg", "zh_hans"].contains { name == $0 || name.hasPrefix("\($0)_") }
        return name == "zh" || isSimplified ? .chinese : nil
    }

    static func chineseCatalog() -> Catalog {
        Catalog(UnsafeBufferPointer(start: aggbootstrap_zh_cn(), count: aggbootstrap_zh_cn_size()))
    }
}

extension Message {
    /// As the reader's terminal shows it.
    var shown: String {
        guard let catalog = Language.catalog else { return description }
        return text(catalog.translation)
    }
}
