// SPDX-License-Identifier: Apache-2.0

import OpenSSL
import PKI
import Spec
import TestSupport
import Testing
import Values

/// Damaged input ends in an error or in a certificate, never in a trap; each run has the same mutations.
@Suite struct MutationTests {
    private struct Mutator {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15

        mutating func next(below bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(max(1, bound)))
        }

        /// One to three bit flips, replaced bytes, cuts, repeats or lost ends.
        mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
            var bytes = bytes
            for _ in 0...next(below: 3) where !bytes.isEmpty {
                let at = next(below: bytes.count)
                let end = min(bytes.count, at + 1 + next(below: 8))
                switch next(below: 6) {
                case 0: bytes[at] ^= 1 << UInt8(next(below: 8))
                case 1: bytes[at] = UInt8(next(below: 256))
                case 2: bytes[at] = [0, 0x7f, 0x80, 0xff, 0x84, 0x30][next(below: 6)]
                case 3: bytes.removeSubrange(at..<end)
                case 4: bytes.insert(contentsOf: bytes[at..<end], at: at)
                default: bytes.removeLast(next(below: 4) == 0 ? bytes.count - at : 1)
                }
            }
            return bytes
        }
    }

    /// What the next call of OpenSSL finds in its queue must be its own.
    @Test func damagedCertificatesLeaveNoErrors() throws {
        let leaf = try issueCA(TestProfile.tutorial.ca(.ecdsa(bits: 256))).certificate.der
        var mutator = Mutator()
        var (refused, left) = (0, Set<String>())
        for _ in 0..<3000 {
            if let certificate = try? Certificate(der: mutator.mutate(leaf)) {
                _ = ChainVerifier.isSigned(certificate, by: certificate)
            } else {
                refused += 1
            }
            if let errors = ErrorQueue.drained() { left.insert(errors.description) }
        }
        #expect(refused > 1000)
        #expect(left.isEmpty)
    }

    @Test func certificates() throws {
        let ca = try issueCA(TestProfile.tutorial.ca(.ecdsa(bits: 256)))
        let leaf = try issueLeaf(TestProfile.tutorial.leaf(.ecdsa(bits: 256)), by: ca)
        var mutator = Mutator()
        var (read, refused) = (0, 0)
        for round in 0..<6000 {
            let bytes = mutator.mutate(round % 3 == 0 ? leaf.certificate.pem : leaf.certificate.der)
            do {
                let certificate =
                    round % 3 == 0
                    ? try Certificate.parseBundle(pem: bytes, path: "f")[0] : try Certificate(der: bytes)
                read += 1
                if certificate == leaf.certificate { continue }
                // A changed byte is a changed certificate, so its signature cannot hold.
                let verdict = pkiError {
                    try ChainVerifier.verify(
                        leaf: certificate, intermediates: [certificate], bundle: [ca.certificate],
                        at: testTime)
                }
                #expect(verdict != nil, "round \(round)")
                _ = try? KeyPair.matches(certificate: certificate, key: leaf.key)
                _ = pkiError {
                    try issueLeaf(
                        TestProfile.plain.leaf(.ed25519),
                        by: TestPair(certificate: certificate, privateKey: leaf.privateKey))
                }
            } catch {
                refused += 1
            }
        }
        #expect(read > 100 && refused > 1000, "\(read) read, \(refused) refused")
    }

    @Test func keys() throws {
        var mutator = Mutator()
        var refused = 0
        for algorithm in [KeyAlgorithm.ecdsa(bits: 256), .ed25519, .rsa(bits: 2048)] {
            let key = Array(try PrivateKey.generate(algorithm).pem.revealed.utf8)
            for _ in 0..<1000 {
                let text = String(decoding: mutator.mutate(key), as: UTF8.self)
                if pkiError({ try PrivateKey(pem: secret(text), path: "key.pem") }) != nil { refused += 1 }
            }
        }
        #expect(refused > 500)
    }
}
