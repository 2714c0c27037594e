// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Secrets
import Values

/// Where the passphrase of the state's private keys comes from; never a flag's value or the environment's content.
package enum PassphraseSource: Sendable, Equatable {
    /// A file that only its owner can read.
    case file(String)
    /// A descriptor that the program was started with, read to the end.
    case descriptor(Int32)
    /// A credential of the service that the program runs in (systemd's `LoadCredential=`).
    case credential(String)

    /// The credential's name below `$CREDENTIALS_DIRECTORY`.
    package static let credentialName = "aggbootstrap-passphrase"
    private static let variable = "AGGBOOTSTRAP_PASSPHRASE_FILE"
    private static let limit = 1024
    /// The most bytes of what ends the line.
    private static let lineEnd = 2

    /// What was asked for, else `$AGGBOOTSTRAP_PASSPHRASE_FILE`, else the service's credential where there is one.
    package static func find(file: String?, descriptor: Int32?) throws -> PassphraseSource? {
        if file != nil, descriptor != nil {
            throw BootstrapError(
                "usage/two-passphrases", status: .usage,
                "--passphrase-file and --passphrase-fd are both given", hint: "remove one of them")
        }
        if let file { return .file(file) }
        if let descriptor { return .descriptor(descriptor) }
        if let file = LocalHost.environment(variable) {
            guard !file.isEmpty else {
                throw unusable("$\(variable) is empty", "set it to the passphrase's file, or unset it")
            }
            return .file(file)
        }
        guard let directory = LocalHost.environment("CREDENTIALS_DIRECTORY"), !directory.isEmpty else {
            return nil
        }
        let path = "\(directory)/\(credentialName)"
        return try FileStatus.of(path) == nil ? nil : .credential(path)
    }

    /// The passphrase: one line, without its line end.
    /// - Throws: `usage/passphrase` (exit 64) where it cannot be read or is no line of 1 to 1,024 bytes.
    package func read() throws -> SecretBytes {
        let secret: SecretBytes
        do {
            switch self {
            case .file(let path):
                secret = try Self.present(
                    FileReader.readSecret(path, limit: Self.limit + Self.lineEnd, readableBy: .owner), path)
            // systemd sees to its mode, which an access control list can make look wider than it is.
            case .credential(let path):
                secret = try Self.present(FileReader.readSecret(path, limit: Self.limit + Self.lineEnd), path)
            case .descriptor(let number):
                secret = try FileReader.readSecret(
                    descriptor: number, limit: Self.limit + Self.lineEnd)
            }
        } catch let error as NodeError {
            if error.code == .tooLarge { throw Self.tooLong(description) }
            throw Self.unusable("cannot read the passphrase: \(error)", error.hint ?? placeHint)
        }
        return try Self.line(secret, of: description)
    }

    /// The file that somebody named; nil for what only this process has.
    package var file: String? {
        guard case .file(let path) = self else { return nil }
        return path
    }

    private var placeHint: Message {
        switch self {
        case .file, .credential: "give a plain file that this user may read"
        case .descriptor(let number): "open it for the program, as in \(number)<FILE"
        }
    }

    private var description: Message {
        switch self {
        case .file(let path), .credential(let path): "\(path)"
        case .descriptor(let number): "file descriptor \(number)"
        }
    }

    private static func present(_ secret: SecretBytes?, _ path: String) throws -> SecretBytes {
        guard let secret else {
            throw unusable(
                "cannot read the passphrase \(path): no such file",
                "give an existing file with --passphrase-file or $\(variable)")
        }
        return secret
    }

    private static func line(_ secret: SecretBytes, of source: Message) throws -> SecretBytes {
        try secret.withUnsafeBytes { bytes in
            var line = bytes[...]
            if line.last == 0x0a { line.removeLast() }
            if line.last == 0x0d { line.removeLast() }
            guard !line.isEmpty else { throw unusable("the passphrase of \(source) is empty", hint) }
            guard line.count <= limit else { throw tooLong(source) }
            guard !line.contains(where: { $0 == 0x0a || $0 == 0 }) else {
                throw unusable(
                    "the passphrase of \(source) is not one line", "put only the passphrase into it")
            }
            return SecretBytes(copying: UnsafeRawBufferPointer(rebasing: line))
        }
    }

    private static let hint: Message = "a passphrase is one line of 1 to \(limit) bytes"

    private static func tooLong(_ source: Message) -> BootstrapError {
        unusable("the passphrase of \(source) is longer than \(limit) bytes", hint)
    }

    private static func unusable(_ message: Message, _ hint: Message) -> BootstrapError {
        BootstrapError("usage/passphrase", status: .usage, message, hint: hint)
    }
}
