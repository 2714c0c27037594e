// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import OpenSSL
import PKI
import Planning
import Secrets
import Synchronization
import Values

/// What was made of certificates and keys before: most nodes of a cluster share some. It holds no key, and only so much.
final class LintCache: Sendable {
    typealias Problem = (code: String, cause: Message)

    private static let limit = 512

    let certificates = CertificateReader(limit: limit)
    private let keys = Mutex<[String: LintFile.Content]>([:])
    private let chains = Mutex<[String: Problem?]>([:])

    /// What a file is as a private key.
    func key(_ bytes: SecretBytes, path: String) -> LintFile.Content {
        guard let digest = try? Digest.sha256Hex(bytes) else {
            return .unreadable("its digest cannot be computed")
        }
        if let known = keys.withLock({ $0[digest] }) { return known }
        let content = Self.read(bytes, path)
        keys.withLock { keys in
            if keys.count >= Self.limit { keys.removeAll(keepingCapacity: true) }
            keys[digest] = content
        }
        return content
    }

    private static func read(_ bytes: SecretBytes, _ path: String) -> LintFile.Content {
        do throws(PKIError) {
            let key = try PrivateKey(pem: bytes, path: path)
            return .key(publicKeySHA256: try key.publicKeySHA256(), hasOthers: false)
        } catch {
            guard error.code == .malformed, let alone = firstKey(bytes, path),
                let key = try? PrivateKey(pem: alone, path: path), let digest = try? key.publicKeySHA256()
            else { return .broken(code: error.code.rawValue, cause: error.underlying) }
            return .key(publicKeySHA256: digest, hasOthers: true)
        }
    }

    /// The first private key among other blocks, which is what Go takes.
    private static func firstKey(_ bytes: SecretBytes, _ path: String) -> SecretBytes? {
        bytes.withUnsafeBytes { text in
            guard let found = try? PEMBlocks(in: text, operation: "read the private key", subject: path),
                let block = found.blocks.first(where: \.isPrivateKey)
            else { return nil }
            return SecretBytes(copying: UnsafeRawBufferPointer(rebasing: text[block.range]))
        }
    }

    /// What is wrong with the chain of a certificate but for its time; nil where nothing is.
    func problem(
        leaf: Certificate, intermediates: [Certificate], bundle: [Certificate], at now: UnixTime
    ) -> Problem? {
        let name = ([leaf] + intermediates + [leaf] + bundle).map(\.summary.fingerprintSHA256).joined()
        if let known = chains.withLock({ $0[name] }) { return known }
        // At a moment at which it is valid: that it has ended is another matter.
        let validity = leaf.summary.validity
        let moment = min(max(now, validity.notBefore), validity.notAfter)
        var problem: Problem?
        do throws(PKIError) {
            try ChainVerifier.verify(leaf: leaf, intermediates: intermediates, bundle: bundle, at: moment)
        } catch {
            problem = (error.code.rawValue, error.underlying)
        }
        chains.withLock { [problem] chains in
            if chains.count >= Self.limit { chains.removeAll(keepingCapacity: true) }
            chains[name] = .some(problem)
        }
        return problem
    }
}
