// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import PKI
import Planning
import Values

// The cross certificates of a state directory: public, one beside the CA that it is for.
extension StateDirectory {
    private func crossFile(_ id: String) -> String { "\(path)/ca/\(id)/cross-signed.pem" }

    /// The cross certificate of the generation `id`, whose own certificate is given; nil where it has none.
    /// - Parameter earlier: the CAs before it, one of which has signed it.
    /// - Throws: `state/damaged` where it is for another CA, or was not signed by the CA that it names.
    func crossCertificate(
        of own: Certificate, _ id: String, by earlier: [Certificate]
    ) throws -> CrossCertificate? {
        let file = crossFile(id)
        guard try FileStatus.of(file) != nil else { return nil }
        let cross = try certificate(file)
        guard cross.summary.subjectDER == own.summary.subjectDER,
            cross.summary.publicKeySHA256 == own.summary.publicKeySHA256
        else { throw damaged(file, "it is not for \(own.summary.subject), the CA beside it") }
        let issuers = earlier.filter { $0.summary.subjectDER == cross.summary.issuerDER }
        guard issuers.isEmpty || issuers.contains(where: { reader.isSigned(cross, by: $0) }) else {
            throw damaged(file, "it was not signed by \(cross.summary.issuer)")
        }
        return CrossCertificate(certificate: cross.summary, pem: cross.pem)
    }

    /// Puts a cross certificate beside its CA: from now on each leaf of that is read with it behind.
    package func addCrossCertificate(_ cross: Certificate, of id: String) throws {
        try AtomicFileWriter.write(crossFile(id), .bytes(cross.pem), mode: 0o644, owner: fileOwner())
    }

    /// Removes what a generation has of it, whole or half written.
    func removeCrossCertificate(_ id: String) throws {
        try AtomicFileWriter.remove(crossFile(id))
        try removeUnfinishedCrossCertificate(id)
    }

    /// Removes what a killed run had not yet brought under its name.
    func removeUnfinishedCrossCertificate(_ id: String) throws {
        let (directory, name) = AtomicFileWriter.split(crossFile(id))
        let temporary = AtomicFileWriter.temporary(for: "\(directory)/\(name)")
        // Most often there is none, and then nothing is changed.
        if try FileStatus.of(temporary) != nil { try AtomicFileWriter.remove(temporary) }
    }
}
