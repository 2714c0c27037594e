// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import OpenSSL
import PKI
import Planning
import Secrets
import Values

/// A state directory as one encrypted file: a tar archive of its files in the age format, which `age -d FILE | tar x`
/// makes a state directory of again.
package struct StateExport {
    package let inventory: StateInventory
    /// How many files are in it.
    package let files: Int
    private let bytes: [UInt8]

    /// Reads and checks the whole state, and encrypts it; called under the state's lock.
    ///
    /// That its keys leave it is written into the ledger first.
    /// - Throws: as `StateDirectory.checkWhole`.
    package init(
        _ state: StateDirectory, passphrase: SecretBytes, now: UnixTime, workFactor: Int = AgeFile.workFactor
    ) throws {
        inventory = try state.checkWhole()
        try Ledger(state: state).append("exported-state", [], now: now)
        var members: [TarWriter.Member] = []
        for name in StateDirectory.members.sorted() {
            try Self.collect(name, in: state, &members)
        }
        files = members.count { !$0.isDirectory }
        bytes = try AgeFile.encrypt(
            TarWriter.archive(members, time: now), passphrase: passphrase, workFactor: workFactor)
    }

    private static func collect(
        _ name: String, in state: StateDirectory, _ members: inout [TarWriter.Member]
    ) throws {
        let path = "\(state.path)/\(name)"
        switch try FileStatus.of(path)?.kind {
        case nil: return
        case .directory:
            members.append(.init(name, mode: 0o700, content: nil))
            // What a killed run left half made begins with a dot.
            for child in try FileReader.list(path) where child.utf8.first != UInt8(ascii: ".") {
                try collect("\(name)/\(child)", in: state, &members)
            }
        case .regular:
            guard let content = try FileReader.readSecret(path, limit: TarArchive.limit) else { return }
            members.append(.init(name, mode: StateDirectory.mode(of: name), content: content))
        case .symbolicLink, .other:
            throw state.damaged(path, "it is neither a plain file nor a directory")
        }
    }

    /// Writes it, as a whole or not at all.
    package func write(to path: String) throws {
        try AtomicFileWriter.writeUnlocked(path, .bytes(bytes), mode: 0o600)
    }

    /// What `write` writes, for standard output.
    package var content: [UInt8] { bytes }

    /// - Parameter path: absolute.
    /// - Throws: `state/export-exists` where something else than an export would be replaced.
    package static func checkTarget(_ path: String, named name: String) throws {
        guard let status = try FileStatus.of(path) else { return }
        let size = AgeFile.beginning.count
        if status.kind == .regular,
            try status.size == 0 || FileReader.first(size, of: path) == AgeFile.beginning
        {
            return
        }
        throw BootstrapError(
            "state/export-exists",
            "cannot write \(name): something is there that is not an exported state",
            hint: "use another file name; only an earlier export is replaced")
    }
}

extension StateDirectory {
    /// What belongs to a state, at its top; its lock does not.
    static let members = contents.union(["cluster"])

    /// The mode of a file in the state: of what a state holds, the certificates are public, and so is what is said of them.
    static func mode(of name: String) -> UInt32 {
        name == "ledger.jsonl" || name.utf8.suffix(7).elementsEqual("key.pem".utf8) ? 0o600 : 0o644
    }
}
