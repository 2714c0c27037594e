// SPDX-License-Identifier: Apache-2.0

import Planning
import Values

extension TrustReaderNote {
    var text: Message { "\(node): \(words)" }

    private var words: Message {
        switch standing {
        case .reached(.loadsBoth): "\(reader) has loaded both"
        case .reached(.trustsNoMore(let subjects)):
            "\(reader) does not trust \(list: subjects) any more"
        case .waits: "waiting for \(reader), which reads the same CA file"
        case .skipped(let why): "skipped (--accept-laggard): \(reader) \(why)"
        case .cannotBeChecked(let why): "\(reader) cannot be checked: \(why)"
        case .asksForNoCertificate: "\(reader) asks for no client certificate"
        case .namesNoCA:
            "\(reader) cannot be checked: it does not say whose client certificates it accepts"
        case .notWaitedFor(let why): "\(reader) \(why). Not waited for: restart it"
        }
    }
}
