// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Values

/// The state directory's list of CAs that were dropped because somebody else may have their key: what read it lets
/// none of them come back.
///
/// One line each: SHA-256 of the certificate, SHA-256 of its public key, seconds since 1970, subject.
package struct CompromisedCAs {
    let state: StateDirectory

    package init(state: StateDirectory) {
        self.state = state
    }

    private var path: String { "\(state.path)/compromised" }

    /// - Throws: `state/damaged`: a line that cannot be read could be the one that matters.
    func read() throws -> [CompromisedCA] {
        let text = String(decoding: try FileReader.read(path) ?? [], as: UTF8.self)
        return try text.split(separator: "\n").map { line in
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            guard words.count == 4, Self.isDigest(words[0]), Self.isDigest(words[1]),
                let seconds = Int64(words[2])
            else { throw state.damaged(path, "\"\(line)\" is not a valid line") }
            return CompromisedCA(
                fingerprintSHA256: words[0], publicKeySHA256: words[1], since: UnixTime(seconds: seconds),
                subject: words[3])
        }
    }

    /// Adds CAs to the list, in one rename; called under the state's lock.
    package func add(_ certificates: [CertificateSummary], now: UnixTime, ledger: Ledger) throws {
        var known = try read()
        for certificate in certificates
        where !known.contains(where: { $0.fingerprintSHA256 == certificate.fingerprintSHA256 }) {
            known.append(
                CompromisedCA(
                    fingerprintSHA256: certificate.fingerprintSHA256,
                    publicKeySHA256: certificate.publicKeySHA256, since: now, subject: certificate.subject))
        }
        let lines = known.map {
            "\($0.fingerprintSHA256) \($0.publicKeySHA256) \($0.since.seconds) \($0.subject)\n"
        }
        try AtomicFileWriter.write(path, .text(lines.joined()), mode: 0o644, owner: state.fileOwner())
        for certificate in certificates {
            try ledger.append(
                "dropped-as-compromised",
                [("subject", certificate.subject), ("sha256", certificate.fingerprintSHA256)], now: now)
        }
    }

    private static func isDigest(_ word: String) -> Bool {
        word.utf8.count == 64 && word.allSatisfy { $0.isHexDigit && !$0.isUppercase }
    }
}
