// SPDX-License-Identifier: Apache-2.0

/// Why the next word cannot be read.
enum UnitWordProblem: Error {
    case unbalancedQuotes
}
