// SPDX-License-Identifier: Apache-2.0

import CTranslations
import LocalFiles
import Operations
import Values

/// The language of what people read. Codes, JSON and every other document for a program are the same in each.
enum Language: Sendable {
    case english
    case chinese

    /// The one of this session.
    static let current = Language(LocalHost.setting)

    /// Nil in English. It is read at its first use, so a session in English does not pay for it.
    static let catalog: Catalog? =
        switch current {
        case .english: nil
        case .chinese: chineseCatalog()
        }

    /// As gettext decides it: the first variable of the locale that is not empty counts; `LANGUAGE` lists the languages that
    /// are wanted, unless the locale is that of programs, C. A terminal that does not take UTF-8 gets English.
    /// - Parameter setting: a variable of the environment that is not empty.
    init(_ setting: (String) -> String?) {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap(setting).first ?? ""
        let name = locale.prefix { !".@".contains($0) }
        guard !Self.isOfPrograms(name), Terminal.takesUTF8(setting) else {
            self = .english
            return
        }
        let wanted = setting("LANGUAGE")?.split(separator: ":").prefix { !Self.isOfPrograms($0) } ?? [name]
        self = wanted.lazy.compactMap(Self.named).first ?? .english
    }

    private static func isOfPrograms(_ locale: Substring) -> Bool { ["", "C", "POSIX"].contains(locale) }

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
