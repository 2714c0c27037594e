// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Operations
@testable import PKI
@testable import Planning
@testable import Proofs
@testable import Spec

/// What the gates of a CA's rotation make of what they are told.
@Suite struct RotationGateTests {
    private func generation(_ name: String) throws -> CAGeneration {
        let profile = CertificateProfile(
            role: .ca, commonName: name, names: SubjectNames(), hosts: [], usages: [], key: .ed25519,
            validity: ValidityPeriod(seconds: 86400))
        let certificate = try CertificateAuthority.issueCA(
            profile, key: PrivateKey.generate(.ed25519),
            validity: .init(profile.validity, at: OfflineCluster.now),
            serial: .random())
        return CAGeneration(id: "0001", certificate: certificate.summary, pem: certificate.pem)
    }

    /// A server that does not say whose certificates it takes may refuse the new ones: it is not passed over.
    @Test func namesOfAnExtensionServer() throws {
        let (old, new) = (try generation("old"), try generation("new"))
        let (oldName, newName) = (old.certificate.subjectDER, new.certificate.subjectDER)
        #expect(ExtensionServers.problem([oldName, newName], new) == nil)
        #expect(ExtensionServers.problem([oldName], new)?.contains(new.certificate.subject) == true)
        #expect(ExtensionServers.problem([], new)?.contains("does not say whose") == true)
    }

    /// What takes the new proxy clients by a cross certificate is told from what does not.
    @Test func trustInTheCABefore() throws {
        let (old, new, other) = (try generation("old"), try generation("new"), try generation("other"))
        let names = [old, new, other].map(\.certificate.subjectDER)
        let endpoint = ExtensionServers.Endpoint(service: "a/b", address: "10.0.0.1", port: 8443)
        func judge(_ given: [[UInt8]], _ previous: [UInt8]? = names[0]) -> Bool? {
            ExtensionServers.laggard(endpoint, naming: given, new, previous)?.trustsPrevious
        }
        #expect(judge([names[0], names[1]]) == nil && judge([names[1]]) == nil)
        #expect(judge([names[0]]) == true && judge([names[2], names[0]]) == true)
        #expect(judge([names[2]]) == false && judge([]) == false && judge([names[0]], nil) == false)
    }

    /// All of the trusted, none of the dropped, whatever else is named.
    @Test func namesOfWhoReadsTheFile() throws {
        let (old, new) = (try generation("old"), try generation("new"))
        let (oldName, newName) = (old.certificate.subjectDER, new.certificate.subjectDER)
        #expect(RotationGates.problem([[1], newName, oldName], [old, new], []) == nil)
        #expect(RotationGates.problem([oldName], [old, new], [])?.contains(new.certificate.subject) == true)
        #expect(RotationGates.problem([newName, [1]], [new], [old]) == nil)
        #expect(RotationGates.problem([newName, oldName], [new], [old])?.contains("still trusts") == true)
    }
}
