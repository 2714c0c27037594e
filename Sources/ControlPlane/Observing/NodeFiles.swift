// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import OpenSSL
import PKI
import Planning
import Values

/// Looks at single files of a node.
package struct NodeFiles {
    let node: any NodeTransport
    let reader: CertificateReader

    package init(node: any NodeTransport, reader: CertificateReader) {
        self.node = node
        self.reader = reader
    }

    /// A file with its content and digest; a secret is digested where it lies.
    package func observe(_ path: String, isSecret: Bool = false) throws -> ObservedFile {
        guard let status = try node.status(path) else { return ObservedFile(path: path) }
        var file = ObservedFile(
            path: path, kind: Self.kind(status.kind), mode: status.mode, userID: status.userID,
            groupID: status.groupID)
        guard status.kind == .regular else { return file }
        if isSecret {
            file.sha256 = try node.sha256(of: path)
        } else if let bytes = try node.read(path) {
            file.content = reader.shared(bytes)
            file.sha256 = try Digest.sha256Hex(bytes)
        }
        return file
    }

    /// The certificates at `path`; nil where nothing, or an empty file, is there.
    func bundle(_ path: String) throws -> ObservedBundle? {
        guard path.isAbsolutePath else {
            return ObservedBundle(path: path, certificates: [], problem: "its path is not absolute")
        }
        let bytes: [UInt8]?
        do {
            bytes = try node.read(path)
        } catch let error {
            return ObservedBundle(path: path, certificates: [], problem: error.underlying)
        }
        guard let bytes, !bytes.isEmpty else { return nil }
        do {
            let certificates = try reader.bundle(pem: bytes, path: path)
            return ObservedBundle(path: path, certificates: certificates.map(\.summary))
        } catch {
            return ObservedBundle(path: path, certificates: [], problem: error.underlying)
        }
    }

    /// The first certificate at `path`; nil where there is none that can be read.
    func certificate(_ path: String) throws -> Certificate? {
        guard let bytes = try node.read(path) else { return nil }
        return try? reader.bundle(pem: bytes, path: path).first
    }

    private static func kind(_ kind: FileStatus.Kind) -> ObservedFile.Kind {
        switch kind {
        case .regular: .regular
        case .directory: .directory
        case .symbolicLink: .symbolicLink
        case .other: .other
        }
    }
}
