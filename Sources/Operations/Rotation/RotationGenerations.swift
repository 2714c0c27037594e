// SPDX-License-Identifier: Apache-2.0

import Planning
import StateStore

/// The CAs that an open rotation is about.
struct RotationGenerations {
    let keep: CAGeneration
    let retire: [CAGeneration]

    /// Those that are trusted in between, the newest first whichever way it goes: a bundle that was written on the
    /// way there is the same on the way back.
    var both: [CAGeneration] {
        func order(_ generation: CAGeneration) -> (Int, String) {
            (StateDirectory.number(generation.id) ?? 0, generation.id)
        }
        return ([keep] + retire).sorted { order($0) > order($1) }
    }

    /// Those that go and are client CAs on some control plane, so that they stay trusted as such.
    func shared(_ observed: [ObservedNode]) -> [CAGeneration] {
        let clients = Set(observed.compactMap(\.clientCA).flatMap(\.certificates).map(\.publicKeySHA256))
        return retire.filter { clients.contains($0.certificate.publicKeySHA256) }
    }

    /// Those that go and that handshakes name for ever: a client CA has their name.
    func namedAsClientCA(_ observed: [ObservedNode]) -> [CAGeneration] {
        let names = Set(observed.compactMap(\.clientCA).flatMap(\.certificates).map(\.subjectDER))
        return retire.filter { names.contains($0.certificate.subjectDER) }
    }
}
