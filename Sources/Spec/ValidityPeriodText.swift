// SPDX-License-Identifier: Apache-2.0

import Values

extension ValidityPeriod {
    /// 100 years of 365 days: far from the year 9999, where X.509's time ends.
    package static let maximum = ValidityPeriod(seconds: 100 * 365 * 86400)

    /// Reads numbers with units in falling order: `10y`, `365d`, `1h30m`, `90s`; a year has 365 days.
    ///
    /// - Returns: nil where `text` is no duration, is not positive or exceeds `maximum`.
    package init?(_ text: String) {
        guard case .success(let period) = Self.read(text) else { return nil }
        self = period
    }

    /// How far a certificate's start is set back, so that a node whose clock is behind accepts it; seconds.
    package static let backdatingSeconds: Int64 = 300

    /// 10 minutes: a certificate begins 5 minutes before it is issued, so less would be due, or over, at once.
    package static let minimum = ValidityPeriod(seconds: 2 * backdatingSeconds)

    static func complaint(about text: String) -> SpecComplaint? {
        switch read(text) {
        case .failure(let defect):
            SpecComplaint(
                .duration, "\(SpecText.quoted(text)) is not a validity: \(defect.reason)", hint: defect.hint)
        case .success(let period) where period.seconds < minimum.seconds:
            SpecComplaint(
                .duration,
                "\(SpecText.quoted(text)) is too short: a certificate begins 5 minutes before it is issued",
                hint: "write \"10m\" or more")
        case .success: nil
        }
    }

    private struct Defect: Error {
        let reason: Message
        var hint: Message? = "write it like \"8760h\", \"365d\" or \"10y\""
    }

    private static let units: [(letter: UInt8, seconds: Int64)] = [
        (0x79, 365 * 86400), (0x64, 86400), (0x68, 3600), (0x6d, 60), (0x73, 1),
    ]

    private static func read(_ text: String) -> Result<ValidityPeriod, Defect> {
        var rest = Array(text.utf8)[...]
        var (total, nextUnit) = (Int64(0), 0)
        if rest.isEmpty { return .failure(Defect(reason: "it is empty")) }
        if rest.first == 0x2d { return .failure(Defect(reason: "it is not positive")) }
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest.dropFirst(digits.count)
            guard !digits.isEmpty else { return .failure(Defect(reason: "it does not start with a number")) }
            guard let letter = rest.popFirst() else {
                return .failure(Defect(reason: "the unit is missing", hint: missingUnitHint(text)))
            }
            guard letter != 0x2e else { return .failure(Defect(reason: "fractions are not read")) }
            guard let unit = units.firstIndex(where: { $0.letter == letter }) else {
                return .failure(Defect(reason: "the units are y, d, h, m and s"))
            }
            guard unit >= nextUnit else { return .failure(Defect(reason: "its units are out of order")) }
            nextUnit = unit + 1
            guard let number = Int64(String(decoding: digits, as: UTF8.self)) else {
                return .failure(tooLong)
            }
            let (part, partOverflow) = number.multipliedReportingOverflow(by: units[unit].seconds)
            let (sum, sumOverflow) = total.addingReportingOverflow(part)
            guard !partOverflow, !sumOverflow, sum <= maximum.seconds else { return .failure(tooLong) }
            total = sum
        }
        return total > 0
            ? .success(ValidityPeriod(seconds: total)) : .failure(Defect(reason: "it is not positive"))
    }

    private static let tooLong = Defect(reason: "it exceeds 100 years", hint: "write \"100y\" or less")

    private static func missingUnitHint(_ text: String) -> Message {
        "write \(SpecText.quoted(text + "h")) for hours or \(SpecText.quoted(text + "d")) for days"
    }
}
