// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the sources say to people: the templates of their string literals, as `Message` looks them up.
struct MessageTemplates {
    struct Found {
        let template: String
        /// Below the checkout.
        let file: String
        let line: Int
        /// The texts that it stands in a value of.
        let within: [String]
        /// How many literals it is put together from.
        let parts: Int
    }

    private(set) var found: [Found] = []
    private let file: String
    private let parameters: MessageParameters

    static func inSources() throws -> [Found] {
        let files = try files()
        let parameters = MessageParameters(files.map(\.tokens))
        return files.flatMap { of($0.tokens, file: $0.name, parameters) }
    }

    /// The templates of all literals, texts or not.
    static func literals() throws -> Set<String> {
        func all(_ tokens: [SwiftTokens.Token]) -> [String] {
            tokens.compactMap(\.literal).flatMap { [template($0)] + $0.values.flatMap(all) }
        }
        return Set(try files().flatMap { all($0.tokens) })
    }

    private static func files() throws -> [(name: String, tokens: [SwiftTokens.Token])] {
        let root = #filePath.components(separatedBy: "/Tests/")[0]
        let paths =
            FileManager.default.enumerator(atPath: "\(root)/Sources")?.compactMap { $0 as? String } ?? []
        return try paths.filter { $0.hasSuffix(".swift") }.sorted().map { path in
            let text = try String(contentsOfFile: "\(root)/Sources/\(path)", encoding: .utf8)
            return (name: "Sources/\(path)", tokens: SwiftTokens.of(text))
        }
    }

    static func of(_ source: String, file: String) -> [Found] {
        let tokens = SwiftTokens.of(source)
        return of(tokens, file: file, MessageParameters([tokens]))
    }

    private static func of(
        _ tokens: [SwiftTokens.Token], file: String, _ parameters: MessageParameters
    ) -> [Found] {
        var templates = Self(file: file, parameters: parameters)
        templates.read(tokens, within: [])
        return templates.found
    }

    private init(file: String, parameters: MessageParameters) {
        (self.file, self.parameters) = (file, parameters)
    }

    private mutating func read(_ tokens: [SwiftTokens.Token], within: [String]) {
        var surroundings = Surroundings()
        var index = 0
        while index < tokens.count {
            let token = tokens[index]
            guard var whole = token.literal else {
                surroundings.pass(token, before: tokens[..<index])
                index += 1
                continue
            }
            var end = index + 1
            while end + 1 < tokens.count, tokens[end].text == "+", let next = tokens[end + 1].literal {
                whole = whole + next
                end += 2
            }
            let before = tokens[..<index].suffix(3).map { $0.text ?? "" }
            if !isHelp(before) {
                // The word behind a number: the catalog knows it with its place.
                let template =
                    (surroundings.isCounted ? "%1 " : "")
                    + (isWording ? Self.numbered(Self.template(whole)) : Self.template(whole))
                let isCertain =
                    !within.isEmpty || surroundings.saysMessages || surroundings.isArgument(of: parameters)
                let isOther = isCompared(before, tokens[end...].first?.text) || surroundings.isInPattern
                var inner = within
                if Self.isText(template) || isCertain && !isOther && Self.hasWord(template) {
                    found.append(
                        Found(
                            template: template, file: file, line: token.line, within: within,
                            parts: (end - index + 1) / 2))
                    inner.append(template)
                }
                for value in whole.values { read(value, within: inner) }
            }
            index = end
        }
    }

    static func template(_ literal: SwiftTokens.Literal) -> String {
        literal.texts.indices.map { $0 == 0 ? literal.texts[0] : "%\($0)\(literal.texts[$0])" }.joined()
    }

    /// With `{name}` as `FindingText` puts it in: by its place.
    private static func numbered(_ template: String) -> String {
        var number = 0
        return template.replacing(/\{[A-Za-z]+\}/) { _ in
            number += 1
            return "%\(number)"
        }
    }

    private var isWording: Bool { file.hasSuffix("Wordings.swift") }

    /// At least two words, or a word and a value.
    static func isText(_ template: String) -> Bool {
        let parts = template.split(whereSeparator: \.isWhitespace)
        let words = parts.filter(isWord)
        let values = parts.filter { $0.contains(/%[0-9]/) && !isWord($0) }
        return words.contains { $0.contains(/[a-z]{2}/) } && words.count + values.count > 1
    }

    /// As it stands in a sentence, with the marks around it.
    private static func isWord(_ part: Substring) -> Bool {
        let marks: Set<Character> = [
            "\"", "'", "`", "(", ")", "[", "]", ",", ".", ":", ";", "?", "!", "…", "%",
        ]
        let isMark = { (character: Character) in marks.contains(character) || character.isNumber }
        let word = part.drop(while: isMark).reversed().drop(while: isMark).reversed()
        return (word.count > 1 || word.elementsEqual("a")) && word.first?.isLetter == true
            && word.allSatisfy { $0.isLetter || "'’-/".contains($0) }
    }

    private static func hasWord(_ template: String) -> Bool {
        // A code, a path or a flag is none.
        template.contains(/[A-Za-z]{2}/) && !template.contains(/^[^ ]*\/[^ ]*$|^--?[^ ]*$/)
    }

    // The command line's own help comes from the parser.
    private func isHelp(_ before: [String]) -> Bool {
        let labels: Set = ["help", "abstract", "discussion", "valueName"]
        return before.last == ":" && labels.contains(before.dropLast().last ?? "")
            || before.suffix(2) == ["ArgumentHelp", "("]
    }

    private func isCompared(_ before: [String], _ after: String?) -> Bool {
        let signs: Set = ["==", "!=", "~="]
        return signs.contains(before.last ?? "") || signs.contains(after ?? "")
            || before.suffix(2) == ["separator", ":"]
    }
}

/// What is known of a place in the code.
private struct Surroundings {
    private struct Brace {
        let saysMessages: Bool
        let depth: Int
    }

    private var braces: [Brace] = []
    /// Of parentheses and brackets.
    private var depth = 0
    private(set) var isInPattern = false
    /// Within `let word: Message = ...`, and the depth there.
    private var value: Int?
    /// The parentheses and brackets that are open.
    private var calls: [Call] = []

    private struct Call {
        let function: String
        let isGroup: Bool
        var place = 0
        var label: String?
    }

    /// Whether a literal here is what `Message.count` counts.
    var isCounted: Bool { calls.last?.function == "count" && calls.last?.place == 1 }

    /// Whether a literal here is a message, for certain.
    var saysMessages: Bool {
        value == depth || isCounted
            || braces.last.map { $0.saysMessages && $0.depth == depth } ?? false
    }

    /// Whether a literal here is an argument that is declared as a message.
    func isArgument(of parameters: MessageParameters) -> Bool {
        guard let call = calls.last else { return false }
        if let label = call.label { return parameters.contains(label: label) }
        return parameters.contains(function: call.function, place: call.place)
    }

    mutating func pass(_ token: SwiftTokens.Token, before: ArraySlice<SwiftTokens.Token>) {
        let last = before.suffix(2).map { $0.text ?? "" }
        switch token.text {
        case "(", "[":
            // Parentheses around a part of an expression: what is in them is the same as what is around them.
            let isGroup = token.text == "(" && ["+", "?", ":", "??", "return", "="].contains(last.last)
            if !isGroup { depth += 1 }
            calls.append(Call(function: token.text == "(" ? last.last ?? "" : "", isGroup: isGroup))
        case ")", "]":
            if calls.popLast()?.isGroup != true { depth -= 1 }
        case "{":
            let isBody = last.last == "Message" || last.last == "?" && last.first == "Message"
            let isWithin = braces.last.map { $0.saysMessages && $0.depth == depth } ?? false
            braces.append(Brace(saysMessages: isBody || isWithin || value == depth, depth: depth))
        case "}": _ = braces.popLast()
        case "case": isInPattern = true
        case ":":
            isInPattern = false
            if ["(", ","].contains(last.first), !calls.isEmpty { calls[calls.count - 1].label = last.last }
        case "let", "var", "guard", "func", "static": value = nil
        case "=":
            if last.last == "Message", last.first == ":" { value = depth }
            // Of a list, each element is one.
            if last == ["Message", "]"] { value = depth + 1 }
        case ",":
            if !calls.isEmpty {
                calls[calls.count - 1].place += 1
                calls[calls.count - 1].label = nil
            }
        default: break
        }
        if token.text == "=" || token.text == "," && depth == 0 {
            isInPattern = isInPattern && token.text == ","
        }
    }
}
