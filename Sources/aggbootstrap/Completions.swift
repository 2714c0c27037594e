// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Spec

/// What a shell offers for values that only the program knows.
enum Completions {
    /// The control planes of the spec that the command line names, or of the usual one. A spec that cannot be read offers
    /// none: a shell has no place for an error.
    static var nodes: CompletionKind {
        .custom { words, _, _ in
            guard let path = try? SpecLoader.find(specFile(words)), let spec = try? SpecLoader.load(path)
            else { return [] }
            return spec.nodes.map(\.name)
        }
    }

    static var specFields: CompletionKind { .list(SpecExplanation.paths) }

    /// - Parameter words: as the shell has them; bash makes three of `--spec=FILE`.
    private static func specFile(_ words: [String]) -> String? {
        let option = "--spec"
        if let word = words.last(where: { $0.hasPrefix("\(option)=") }) {
            return String(word.dropFirst(option.count + 1))
        }
        guard let place = words.lastIndex(of: option) else { return nil }
        return words[(place + 1)...].first { $0 != "=" }
    }
}
