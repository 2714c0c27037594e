// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Values

// What is taken out of a state directory for good; each may be done again where it was killed.
extension StateDirectory {
    /// Destroys leaves of CAs that are not in the state: a run was killed between them and their CA, whose key is gone.
    package func removeOrphanedLeaves() throws {
        let known = Set(try FileReader.list("\(path)/ca").filter { !$0.hasPrefix(".") })
        try removeLeaves { !known.contains($0) }
    }

    /// - Parameter isGone: takes the id of the generation that signed a leaf.
    private func removeLeaves(_ isGone: (String) -> Bool) throws {
        for owner in try FileReader.list("\(path)/leaves") where !owner.hasPrefix(".") {
            for leaf in try FileReader.list("\(path)/leaves/\(owner)") where !leaf.hasPrefix(".") {
                let leafDirectory = "\(path)/leaves/\(owner)/\(leaf)"
                let record = IssuedRecord(try FileReader.read("\(leafDirectory)/issued") ?? [])
                guard let record, isGone(record.generation) else { continue }
                try removeLeaf(leaf, of: owner)
            }
        }
    }

    private func removeLeaf(_ id: String, of owner: String) throws {
        // Out of the inventory first: there, a leaf without its key would be a damaged one.
        let gone = "\(path)/leaves/\(owner)/\(Self.unfinished)\(id)"
        try AtomicFileWriter.removeTree(gone)
        try AtomicFileWriter.renameDirectory("\(path)/leaves/\(owner)/\(id)", to: gone)
        // Then the key: without it the rest is no secret.
        try AtomicFileWriter.remove("\(gone)/key.pem")
        try AtomicFileWriter.removeTree(gone)
    }

    /// How many leaves of each CA generation an owner keeps: the newest, and the one before it.
    static let keptLeaves = 2

    /// Destroys leaves that nothing goes back to: nodes keep copies of their own for a roll-back, and a CA's rotation goes
    /// back to the newest leaf of each CA. The ledger still says that they were issued.
    func pruneLeaves(_ ledger: Ledger, now: UnixTime) throws {
        for owner in try owners() {
            var (counts, gone): ([String: Int], [String]) = ([:], [])
            for id in try ids("leaves/\(owner)").reversed() {
                let generation = try issuedRecord("\(path)/leaves/\(owner)/\(id)").generation
                counts[generation, default: 0] += 1
                if counts[generation, default: 0] > Self.keptLeaves { gone.append(id) }
            }
            guard !gone.isEmpty else { continue }
            try ledger.append(
                "pruned-leaves", [("owner", owner), ("leaves", gone.reversed().joined(separator: " "))],
                now: now)
            for id in gone.reversed() { try removeLeaf(id, of: owner) }
        }
    }

    /// Takes a generation out of use: destroys its key and the leaves that it signed, and marks it so that no node gets
    /// it again. May be called again where it was killed.
    package func dropGeneration(_ id: String, because reason: String) throws {
        let directory = "\(path)/ca/\(id)"
        // Marked first: of a generation in use, the newest leaf is not to be missing.
        try AtomicFileWriter.write(
            "\(directory)/\(Self.dropped)", .text(reason + "\n"), mode: 0o644, owner: fileOwner())
        try removeLeaves { $0 == id }
        try AtomicFileWriter.remove("\(directory)/ca-key.pem")
        try removeCrossCertificate(id)
        try AtomicFileWriter.syncDirectory(directory)
    }

    /// Destroys the whole state directory, keys first; called under its lock.
    package func destroy() throws {
        for name in try inventory().plainKeys + inventory().encryptedKeys {
            try AtomicFileWriter.remove("\(path)/\(name)")
        }
        // Under another name: half of a state must never be found in its place.
        let (directory, name) = path.splitPath
        let gone = "\(directory)/.\(name).aggbootstrap-removed"
        try AtomicFileWriter.removeTree(gone)
        try AtomicFileWriter.renameDirectory(path, to: gone)
        try AtomicFileWriter.removeTree(gone)
    }

    /// Forgets a foreign generation whose replacement was called off.
    package func forgetForeign(_ generation: CAGeneration) throws {
        guard generation.standing == .foreign else { return }
        let gone = "\(path)/ca/\(Self.unfinished)\(generation.id)"
        try AtomicFileWriter.removeTree(gone)
        try AtomicFileWriter.renameDirectory("\(path)/ca/\(generation.id)", to: gone)
        try AtomicFileWriter.removeTree(gone)
    }
}
