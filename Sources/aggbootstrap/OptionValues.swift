// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Spec
import Values

/// What is wrong with an option's value; the parser names the option and the value in front of it.
struct OptionValueError: Error, CustomStringConvertible {
    let description: String

    init(_ message: Message) { description = ParserSentence.handOver(message) }
}

/// Reads the values of options that are numbers or times.
///
/// Such an option is declared with `parsing: .unconditional`: else `-1` would be taken for another option, and the value
/// said to be missing.
enum OptionValue {
    /// Whole seconds, a day at most.
    static func seconds(_ text: String) throws -> Int {
        guard let number = number(text), (0...86_400).contains(number) else {
            throw OptionValueError("write whole seconds, 0 to 86400")
        }
        return number
    }

    /// An open file descriptor's number.
    static func descriptor(_ text: String) throws -> Int32 {
        guard let number = number(text).flatMap(Int32.init(exactly:)) else {
            throw OptionValueError("write the number of an open file descriptor, such as 3")
        }
        return number
    }

    /// A time before something's end, as the spec writes durations.
    static func renewBefore(_ text: String) throws -> RenewBefore {
        guard let period = ValidityPeriod(text) else {
            throw OptionValueError("write a time such as 720h, 30d or 1y")
        }
        return RenewBefore(text: text, seconds: period.seconds)
    }

    /// Digits only: `Int` takes a sign too.
    private static func number(_ text: String) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }
}
