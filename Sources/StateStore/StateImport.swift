// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import OpenSSL
import PKI
import Planning
import Secrets
import Values

/// Makes a state directory of an exported one.
///
/// The archive's members are judged before anything is written. Then its files are written beside the state's place, read as
/// a state there with every key in it, and brought into place in one rename.
package struct StateImport {
    /// Where the state goes; it does not exist, or is empty.
    let state: StateDirectory
    /// What an error names.
    let name: Message
    private let passphrase: SecretBytes

    package init(_ state: StateDirectory, passphrase: SecretBytes, name: Message) {
        (self.state, self.passphrase, self.name) = (state, passphrase, name)
    }

    /// More than any exported state has; so a pipe is not read for ever.
    package static let limit = TarArchive.limit + (1 << 20)

    /// - Returns: what is in it, and how many files.
    /// - Throws: `archive/...` for what is wrong with the file; `state/import-exists`.
    package func perform(_ file: [UInt8], now: UnixTime) throws -> (inventory: StateInventory, files: Int) {
        try checkTarget()
        let archive = try opened(file)
        let files = try ImportedMembers(archive, name: name, cluster: state.cluster)
        let owner = try state.fileOwner()
        try AtomicFileWriter.makeDirectories(state.path.splitPath.directory, mode: 0o700)
        try removeLeftover()
        try AtomicFileWriter.makeDirectories(place, mode: 0o700, owner: owner)
        let lock = try takeLock()
        defer { withExtendedLifetime(lock) {} }
        let inventory: StateInventory
        do {
            try files.write(below: place, owner: owner)
            inventory = try check()
            try Ledger(state: unpacked).append("imported-state", [], now: now)
            try putInPlace()
        } catch {
            try? AtomicFileWriter.removeTree(place)
            throw error
        }
        return (inventory, files.count)
    }

    /// Where it is unpacked: what a killed run leaves there, the next one removes.
    private var place: String {
        let (directory, name) = state.path.splitPath
        return "\(directory)/.\(name).aggbootstrap-import"
    }

    private var unpacked: StateDirectory {
        StateDirectory(
            path: place, cluster: state.cluster, passphrase: passphrase, reader: state.reader)
    }

    /// - Throws: `state/import-exists` where there is something that an import would replace or mix with.
    package func checkTarget() throws {
        guard try state.isThere() else { return }
        guard let found = try FileReader.list(state.path).first(where: { $0 != "lock" }) else { return }
        let isState = try FileStatus.of("\(state.path)/cluster") != nil
        throw BootstrapError(
            "state/import-exists",
            isState
                ? "cannot import into \(state.path): there is a state already"
                : "cannot import into \(state.path): it is not empty, it holds \(found)",
            hint: isState
                ? "if it is the right one, import nothing: aggbootstrap state show says what is in it; else move it away, or give another directory with --state DIR"
                : "give an empty directory, or one that does not exist yet, with --state DIR")
    }

    /// What a killed import left, with whatever mode it has; one that is in progress is locked.
    private func removeLeftover() throws {
        guard let kind = try FileStatus.of(place)?.kind else { return }
        let lock = kind == .directory ? try takeLock() : nil
        defer { withExtendedLifetime(lock) {} }
        try AtomicFileWriter.removeTree(place)
    }

    private func opened(_ file: [UInt8]) throws -> TarArchive {
        let content = try AgeFile.decrypt(file, passphrase: passphrase, name: name)
        do { return try TarArchive(content, name: name) } catch {
            throw BootstrapError(
                "archive/not-tar",
                "cannot import \(name): what is encrypted in it is no whole tar archive: \(error.underlying)",
                hint: "give a file that `aggbootstrap state export` wrote")
        }
    }

    private func takeLock() throws -> AdvisoryLock? {
        do { return try AdvisoryLock.onDirectory(place) } catch {
            guard error.code == .locked else { throw error }
            throw BootstrapError(
                "state/locked", status: .locked, "cannot import into \(state.path): another run does so",
                hint: error.hint)
        }
    }

    /// - Throws: `archive/no-state` where it could not be used; `archive/key-passphrase` where its keys have another one.
    private func check() throws -> StateInventory {
        do { return try unpacked.checkWhole() } catch let error as PKIError
            where error.code == .wrongPassphrase
        {
            throw BootstrapError(
                "archive/key-passphrase",
                "cannot import \(name): the passphrase opens it, and not the private keys in it",
                hint: "encrypt it with the passphrase of its keys: age -d \(name) | age -p >OTHER")
        } catch let error as BootstrapError {
            let text = error.message.mapValues { $0.replacing("\(place)/", with: "") }
            throw BootstrapError(
                "archive/no-state", "cannot import \(name): what is in it cannot be used as a state: \(text)",
                hint: "export the state again where it is; that checks all of it first")
        }
    }

    private func putInPlace() throws {
        let (from, to) = (place, state.path)
        try AtomicFileWriter.remove("\(to)/lock")
        do { try AtomicFileWriter.renameDirectory(from, to: to) } catch {
            guard error.errno == EBUSY else { throw error }
            throw BootstrapError(
                "state/import-mount",
                "cannot import into \(to): it is a mount point, which cannot be put in place as a whole",
                hint: "give a directory below it, such as --state \(to)/\(state.cluster)")
        }
    }
}
