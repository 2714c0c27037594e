// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Planning

/// Where people find certificate requests, and put the certificates: `NAME.csr` and `NAME.pem`. No private key is ever there.
struct RequestFolder: Sendable {
    let path: String

    /// - Parameter given: what `--csr-dir` says; nil for the one in the state directory.
    init(_ given: String?, in state: StateDirectory) { path = given ?? "\(state.path)/requests" }

    /// What a file of an owner is called.
    static func name(_ owner: String) -> String { owner == LeafOwner.shared ? "proxy-client" : owner }

    func request(_ owner: String) -> String { "\(path)/\(Self.name(owner)).csr" }
    func certificate(_ owner: String) -> String { "\(path)/\(Self.name(owner)).pem" }

    func publish(_ csr: [UInt8], for owner: String) throws {
        let file = request(owner)
        if try FileReader.read(file) == csr { return }
        try AtomicFileWriter.makeDirectories(path, mode: 0o755)
        try AtomicFileWriter.write(file, .bytes(csr), mode: 0o644)
    }

    /// What was put there for an owner; nil where nothing was.
    func answer(_ owner: String) throws -> [UInt8]? { try FileReader.read(certificate(owner)) }

    /// Takes a request away that has been answered, so that nobody signs it again.
    func withdraw(_ csr: [UInt8], for owner: String) throws {
        if try FileReader.read(request(owner)) == csr { try AtomicFileWriter.remove(request(owner)) }
    }
}
