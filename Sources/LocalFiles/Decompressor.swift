// SPDX-License-Identifier: Apache-2.0

import Secrets
import Subprocess
import Values

/// Reads files that may be compressed; what is in them may be private keys, and stays in memory that is wiped.
package enum Decompressor {
    private static let programs: [(beginning: [UInt8], program: String)] = [
        ([0x1f, 0x8b], "gzip"), ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz"), ([0x28, 0xb5, 0x2f, 0xfd], "zstd"),
        (Array("BZh".utf8), "bzip2"),
    ]

    /// Whether a file that begins like this is decompressed.
    package static func isCompressed(_ beginning: [UInt8]) -> Bool { program(beginning) != nil }

    private static func program(_ beginning: [UInt8]) -> String? {
        programs.first { beginning.starts(with: $0.beginning) }?.program
    }

    /// What a program's output is collected in.
    private struct SecretOutput: OutputProtocol {
        let maxSize: Int

        func output(from span: RawSpan) -> SecretBytes {
            span.withUnsafeBytes { SecretBytes(copying: $0) }
        }
    }

    /// The content of `path`, decompressed where it begins like something that is compressed.
    /// - Throws: `node/command` where the program for that is not there or fails; `node/too-large`.
    package static func read(_ path: String, limit: Int) async throws(NodeError) -> SecretBytes {
        let beginning = try FileReader.first(6, of: path)
        guard let program = program(beginning) else {
            guard let bytes = try FileReader.readSecret(path, limit: limit) else {
                throw .system("read", path, 2)
            }
            return bytes
        }
        do {
            let result = try await Subprocess.run(
                Executable.name(program), arguments: ["-dc", "--", path],
                output: SecretOutput(maxSize: limit), error: .string(limit: CommandRunner.mostBytes))
            guard result.terminationStatus.isSuccess else {
                throw NodeError(
                    .command, operation: "decompress", subject: path,
                    underlying: firstLine(of: result.standardError).map { Message(verbatim: $0) }
                        ?? "\(program) failed",
                    hint: "give an archive that \(program) -t \(path) finds whole")
            }
            return result.standardOutput
        } catch let error as NodeError {
            throw error
        } catch {
            throw NodeError(
                .command, operation: "decompress", subject: path, underlying: "\(error)",
                hint:
                    "install \(program), and check that the file holds no more than \(limit >> 20) MiB")
        }
    }

    private static func firstLine(of text: String) -> String? {
        text.split(whereSeparator: \.isNewline).first.map { String($0.prefix(200)) }
    }
}
