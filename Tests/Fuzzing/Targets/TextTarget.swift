// SPDX-License-Identifier: Apache-2.0

@testable import Spec
import Values

/// Small values: addresses, periods, versions, base64, JSON strings, what a terminal is shown, and what changes between
/// two texts.
///
/// A value that is read and written again is the same text.
enum TextTarget {
    static func run(_ bytes: [UInt8]) {
        let text = text(bytes)
        checkValues(text)
        checkBase64(bytes)
        checkEscapes(text)
        checkChanges(bytes)
        if bytes.count == 4 || bytes.count == 16 {
            let address = IPAddress(bytes: bytes)
            require(IPAddress(address.description)?.bytes == bytes, "\(address) is another address")
        }
        checkTime(bytes)
        // Each compares the text with every member of a spec: one of four texts, so that the others are not held up.
        guard bytes.count < 40, bytes.count.isMultiple(of: 4) else { return }
        _ = SpecExplanation.suggestions(for: text)
        _ = SpecExplanation.lines(for: text)
    }

    private static func checkValues(_ text: String) {
        if let address = IPAddress(text) {
            require(isSame(address.description, text), "\(text): another address")
        }
        if let version = KubernetesVersion(text) {
            require(version.description == text, "\(text): another version")
        }
        if let period = ValidityPeriod(text) {
            require(ValidityPeriod("\(period.seconds)s") == period, "\(text): another period")
        }
        if let name = DNSName(text) { require(DNSName(name.description) == name, "\(text): another name") }
        for complaint in [
            ValidityPeriod.complaint(about: text), KubernetesVersion.complaint(about: text),
            SSHHostKeyText.complaint(about: text),
        ] {
            let shown = ((complaint?.message ?? "") + (complaint?.hint ?? "")).description
            require(
                SpecTarget.isPrintable(shown) && !shown.contains("\n"), "a complaint with control characters")
        }
        if text.utf8.count < 100 {
            require(EditDistance.between(text, text) == 0, "a text is not near itself")
        }
    }

    private static func checkBase64(_ bytes: [UInt8]) {
        require(Base64.bytes(Array(Base64.text(bytes).utf8)) == bytes, "base64 of other bytes")
        require(
            Base64.unpaddedBytes(Array(Base64.unpaddedText(bytes).utf8)) == bytes, "base64 of other bytes")
        if let decoded = Base64.bytes(bytes) {
            require(Array(Base64.text(decoded).utf8) == bytes, "base64 in another form")
        }
        if let decoded = Base64.unpaddedBytes(bytes) {
            require(Array(Base64.unpaddedText(decoded).utf8) == bytes, "base64 in another form")
        }
    }

    private static func checkEscapes(_ text: String) {
        let document = SpecDocument.json(text)
        for json in [document, SafeText.json(document)] {
            guard let value = try? LocatedJSON.parse(Array(json.utf8)), case .string(let read) = value.value
            else {
                fatalError("PROPERTY: a JSON string cannot be read: \(json)")
            }
            require(isSame(read, text), "a JSON string is another text")
        }
        let lines = SafeText.lines(text).unicodeScalars
        require(
            lines.allSatisfy { !SpecText.isUnprintable($0) || $0 == "\n" || $0 == "\t" }, "control characters"
        )
        require(
            !SafeText.line(text).unicodeScalars.contains(where: SpecText.isUnprintable), "control characters")
        require(
            !SpecText.quoted(text).unicodeScalars.contains(where: SpecText.isUnprintable),
            "control characters")
        let (directory, name) = text.splitPath
        if text.isAbsolutePath {
            // The root is / and // alike.
            let whole = directory == "/" ? ["/\(name)", "//\(name)"] : ["\(directory)/\(name)"]
            require(whole.contains { isSame($0, text) }, "a path")
        }
    }

    /// The new text is the old one without what was removed, and with what was inserted.
    private static func checkChanges(_ bytes: [UInt8]) {
        let halves = parts(bytes, 2)
        let (old, new) = (halves[0], halves[1])
        let changes = SequenceChanges(from: old.count, to: new.count) { old[$0] == new[$1] }
        var kept = old.indices.filter { !changes.removed.contains($0) }.map { old[$0] }[...]
        let result = new.indices.compactMap { changes.inserted.contains($0) ? new[$0] : kept.popFirst() }
        require(result == new && kept.isEmpty, "what changed is something else")
    }

    private static func checkTime(_ bytes: [UInt8]) {
        let seconds = bytes.prefix(5).reduce(Int64(0)) { $0 << 8 | Int64($1) } - (1 << 38)
        let time = UnixTime(seconds: seconds)
        let numbers = time.description.split { !$0.isNumber }.compactMap { Int64($0) }
        guard numbers.count == 6, !time.description.hasPrefix("-") else { return }
        let again = UnixTime(
            year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4],
            second: numbers[5])
        require(again == time, "\(time) is another time")
    }
}
