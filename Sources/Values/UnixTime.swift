// SPDX-License-Identifier: Apache-2.0

/// A point in time: whole seconds since 1970-01-01T00:00:00Z.
package struct UnixTime: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let seconds: Int64

    package init(seconds: Int64) { self.seconds = seconds }

    package static func < (a: Self, b: Self) -> Bool { a.seconds < b.seconds }

    /// The time `interval` seconds later.
    package func advanced(bySeconds interval: Int64) -> UnixTime { UnixTime(seconds: seconds + interval) }

    /// RFC 3339 in UTC, for example `2026-11-23T21:18:57Z`.
    package var description: String {
        let (date, rest) = (
            Self.civil(fromDays: Self.floorDivide(seconds, 86400)), Self.modulo(seconds, 86400)
        )
        return "\(Self.padded(date.year, 4))-\(Self.padded(date.month, 2))-\(Self.padded(date.day, 2))T"
            + "\(Self.padded(rest / 3600, 2)):\(Self.padded(rest / 60 % 60, 2)):\(Self.padded(rest % 60, 2))Z"
    }

    /// The date alone, for example `2026-11-23`.
    package var date: String { String(description.prefix { $0 != "T" }) }

    /// The time of a UTC calendar date in the proleptic Gregorian calendar; month and day count from 1.
    package init(year: Int64, month: Int64, day: Int64, hour: Int64 = 0, minute: Int64 = 0, second: Int64 = 0)
    {
        // Days from civil: years start in March, so that the leap day is the last of its year.
        let y = month <= 2 ? year - 1 : year
        let era = Self.floorDivide(y, 400)
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        seconds = (era * 146097 + dayOfEra - 719468) * 86400 + hour * 3600 + minute * 60 + second
    }

    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let z = days + 719468
        let era = floorDivide(z, 146097)
        let dayOfEra = z - era * 146097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 { (a - modulo(a, b)) / b }
    private static func modulo(_ a: Int64, _ b: Int64) -> Int64 { ((a % b) + b) % b }
    private static func padded(_ n: Int64, _ width: Int) -> String {
        let digits = String(n)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
