// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import OpenSSL
import PKI
import Planning
import Values

// What is read of a state directory, and what must hold of it before anything of it reaches a node.
extension StateDirectory {
    /// What the directory holds; empty where it does not exist.
    ///
    /// Each certificate is the one that was issued: a CA's is what its directory is named after, and a leaf's verifies
    /// under its CA and has the fingerprint that was written down. Private keys are not read: `issuedKey` does, for
    /// those that are used.
    /// - Throws: `state/other-cluster` where it belongs to another cluster; `state/damaged` where a file in it
    ///   is not what it must be.
    package func inventory() throws -> StateInventory {
        var inventory = StateInventory(directory: path)
        guard try isThere() else { return inventory }
        try checkCluster()
        var leaves = LeafReader(state: self)
        for id in try ids("ca") {
            let standing = try standing("\(path)/ca/\(id)")
            let certificate = try authority(id, standing)
            if let same = leaves.authorities.first(where: { $0.value.der == certificate.der }) {
                throw damaged("\(path)/ca/\(id)", "it is a copy of \(same.key)")
            }
            inventory.generations.append(
                CAGeneration(
                    id: id, certificate: certificate.summary, pem: certificate.pem, standing: standing,
                    hasKey: try FileStatus.of("\(path)/ca/\(id)/ca-key.pem") != nil,
                    isExternal: try isExternal(id),
                    crossSigned: try crossCertificate(
                        of: certificate, id, by: Array(leaves.authorities.values))))
            leaves.authorities[id] = certificate
            if standing == .issued { leaves.issuing.insert(id) }
            leaves.chains[id] = inventory.generations.last?.crossSigned?.pem
        }
        for owner in try owners() {
            var all = try leaves.read(owner)
            inventory.leaves[owner] = all.popLast()
            if !all.isEmpty { inventory.earlierLeaves[owner] = all }
        }
        inventory.issuedLeaves = try leaves.issued(inventory)
        inventory.adoptedLeaves = try leaves.adopted(inventory)
        let files = try keyFiles()
        (inventory.plainKeys, inventory.encryptedKeys) = (files.plain, files.encrypted)
        inventory.exposedKeys = files.exposed
        inventory.compromised = try CompromisedCAs(state: self).read()
        return inventory
    }

    /// Names of the generations, or of an owner's leaves, oldest first: by their numbers, 9999 before 10000.
    /// - Parameter directory: relative to the state's.
    package func ids(_ directory: String) throws -> [String] {
        let numbered = try visible(directory).map { name in
            guard let number = Self.number(name) else {
                throw damaged(
                    "\(path)/\(directory)/\(name)",
                    "its name does not begin with a number, so aggbootstrap did not create it",
                    hint: "move it out of the state directory; nothing was changed")
            }
            try checkIsDirectory("\(directory)/\(name)")
            return (number, name)
        }
        return numbered.sorted { $0 < $1 }.map(\.1)
    }

    /// Whose leaves there are.
    func owners() throws -> [String] { try visible("leaves") }

    /// A link would lead a private key out of the state, or bring another one in.
    private func checkIsDirectory(_ name: String) throws {
        guard let kind = try FileStatus.of("\(path)/\(name)")?.kind, kind != .directory else { return }
        throw damaged(
            "\(path)/\(name)", kind == .symbolicLink ? "it is a symbolic link" : "it is not a directory")
    }

    private func visible(_ directory: String) throws -> [String] {
        try checkIsDirectory(directory)
        return try FileReader.list("\(path)/\(directory)").filter { $0.utf8.first != UInt8(ascii: ".") }
    }

    /// The number that an id begins with; nil for anything but ASCII digits, and a hyphen or nothing behind them.
    package static func number(_ id: String) -> Int? {
        let digits = id.utf8.prefix { (0x30...0x39).contains($0) }
        let next = id.utf8.dropFirst(digits.count).first
        guard next == nil || next == UInt8(ascii: "-") else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }

    private func standing(_ directory: String) throws -> CAGeneration.Standing {
        if try FileStatus.of("\(directory)/\(Self.dropped)") != nil { return .dropped }
        return try FileStatus.of("\(directory)/\(Self.foreign)") != nil ? .foreign : .issued
    }

    /// Whether the key of a generation is elsewhere, and always was.
    private func isExternal(_ id: String) throws -> Bool {
        try FileStatus.of("\(path)/ca/\(id)/\(Self.external)") != nil
    }

    private func authority(_ id: String, _ standing: CAGeneration.Standing) throws -> Certificate {
        let file = "\(path)/ca/\(id)/ca.pem"
        let certificate = try self.certificate(file)
        let name = Self.generationID(certificate.summary, number: Self.number(id) ?? 0)
        guard id.utf8.elementsEqual(name.utf8) else {
            throw damaged(
                file, "it is \(certificate.summary.subject), and not the CA that \(id) is named after")
        }
        // An intermediate CA is as good an anchor as any; what was made here signs itself.
        let isWhole =
            try certificate.summary.isCA && (isExternal(id) || reader.isSigned(certificate, by: certificate))
        guard standing != .issued || isWhole else {
            throw damaged(file, "it is not a CA's certificate, signed by itself")
        }
        return certificate
    }

    /// The CAs that this state issued and did not drop. One that was dropped may have come from elsewhere.
    package func issuedAuthorities() throws -> [CertificateSummary] {
        try ids("ca").compactMap { id in
            let standing = try standing("\(path)/ca/\(id)")
            return standing == .issued ? try authority(id, standing).summary : nil
        }
    }

    /// What `issued` in a leaf's directory says.
    func issuedRecord(_ directory: String) throws -> IssuedRecord {
        let file = "\(directory)/issued"
        guard let record = IssuedRecord(try FileReader.read(file) ?? []) else {
            throw damaged(file, "it does not hold two to four lines")
        }
        return record
    }
}

/// Reads the leaves of one owner after the other.
private struct LeafReader {
    let state: StateDirectory
    /// By the generation's id.
    var authorities: [String: Certificate] = [:]
    /// Ids of the generations whose leaves are kept.
    var issuing: Set<String> = []
    /// What is presented behind the leaves of a generation, by its id.
    var chains: [String: [UInt8]] = [:]
    /// Each profile that was met: as long as the list of its hosts, and most often one for all.
    private var profiles: [String: String] = [:]
    /// What the ledger says was issued to each owner, and in which order.
    private var ledger: Ledger.IssuedLeaves?

    init(state: StateDirectory) { self.state = state }

    /// The newest leaf of each generation, oldest first; those in between have been replaced, and nothing asks for them.
    mutating func read(_ owner: String) throws -> [IssuedLeaf] {
        var generations: Set<String> = []
        var leaves: [IssuedLeaf] = []
        var later = Int.max
        var found: Set<String?> = []
        for id in try state.ids("leaves/\(owner)").reversed() {
            let record = try state.issuedRecord("\(state.path)/leaves/\(owner)/\(id)")
            found.insert(record.certificateSHA256)
            if let position = try position(owner, id, record) {
                guard position < later else {
                    throw state.damaged(
                        "\(state.path)/leaves/\(owner)/\(id)", "it is a copy of one of another number")
                }
                later = position
            }
            guard generations.insert(record.generation).inserted else { continue }
            leaves.append(try leaf(owner, id, record))
        }
        if !leaves.isEmpty { try checkNewest(owner, found) }
        return leaves.reversed()
    }

    /// Without the newest one, the one before it would take its place on the node. Where all are gone, a new one is issued.
    private mutating func checkNewest(_ owner: String, _ found: Set<String?>) throws {
        // A record of an earlier version does not say which one it is of.
        if found.contains(nil) { return }
        let newest = try entries().newest[owner] ?? [:]
        guard
            let lost = newest.keys.sorted().first(where: { generation in
                issuing.contains(generation) && newest[generation].map { !found.contains($0) } ?? false
            })
        else { return }
        let directory = "\(state.path)/leaves/\(owner)"
        throw state.damaged(
            directory, "the newest certificate that the CA \(lost) issued to \(owner) is missing",
            hint:
                "restore the state directory from its backup; if there is none, move \(directory) away, and a new "
                + "certificate is issued")
    }

    private mutating func leaf(_ owner: String, _ id: String, _ record: IssuedRecord) throws -> IssuedLeaf {
        let directory = "\(state.path)/leaves/\(owner)/\(id)"
        let file = "\(directory)/certificate.pem"
        let certificate = try state.certificate(file)
        // One of a CA that never came to be is replaced and reaches no node.
        if let ca = authorities[record.generation] {
            guard !certificate.summary.isCA else {
                throw state.damaged(file, "it is a CA's certificate, \(certificate.summary.subject)")
            }
            guard state.reader.isSigned(certificate, by: ca) else {
                throw state.damaged(
                    file,
                    "it is \(certificate.summary.subject), which was not signed by its CA, \(ca.summary.subject)"
                )
            }
        }
        let known = try issued(to: owner, record)
        guard known.isEmpty || known.contains(certificate.summary.fingerprintSHA256) else {
            throw state.damaged(file, "it is another certificate than the one that was issued")
        }
        return IssuedLeaf(
            id: id, certificate: certificate.summary, pem: certificate.pem,
            chain: chains[record.generation] ?? [],
            keySHA256: try keyDigest("leaves/\(owner)/\(id)/key.pem", record, isKnown: !known.isEmpty),
            generation: record.generation, profile: shared(record.profile))
    }

    private mutating func shared(_ profile: String) -> String {
        if let known = profiles[profile] { return known }
        profiles[profile] = profile
        return profile
    }

    /// Fingerprints of what the certificate may be; empty where nothing was written down.
    private mutating func issued(to owner: String, _ record: IssuedRecord) throws -> Set<String> {
        if let fingerprint = record.certificateSHA256 { return [fingerprint] }
        return Set(try entries().places[owner]?.keys.map { $0 } ?? [])
    }

    /// All that were ever issued; nil where the ledger does not name each of them.
    mutating func issued(_ inventory: StateInventory) throws -> Set<String>? {
        guard !inventory.leaves.isEmpty else { return [] }
        let known = try entries()
        guard known.areAllNamed else { return nil }
        // A run that was killed may have stored what the ledger does not have yet.
        let stored = Array(inventory.leaves.values) + inventory.earlierLeaves.values.joined()
        return Set(known.places.values.flatMap(\.keys)).union(stored.map(\.certificate.fingerprintSHA256))
    }

    /// Those that a CA had signed before it was taken over.
    mutating func adopted(_ inventory: StateInventory) throws -> Set<String> {
        inventory.generations.isEmpty ? [] : try entries().adopted
    }

    private mutating func entries() throws -> Ledger.IssuedLeaves {
        let known = try ledger ?? Ledger(state: state).issuedLeaves()
        ledger = known
        return known
    }

    /// Where the ledger says that the certificate was issued to the owner; nil where it says nothing of it.
    /// - Throws: `state/damaged` where it was issued to another owner.
    private mutating func position(_ owner: String, _ id: String, _ record: IssuedRecord) throws -> Int? {
        guard let fingerprint = record.certificateSHA256 else { return nil }
        let entries = try entries().places
        if let position = entries[owner]?[fingerprint] { return position }
        guard let other = entries.keys.sorted().first(where: { entries[$0]?[fingerprint] != nil }) else {
            return nil
        }
        throw state.damaged(
            "\(state.path)/leaves/\(owner)/\(id)", "its certificate was issued to \(other)")
    }

    /// Digest of the key as nodes have it: what was written down. The key is read where nothing else tells that
    /// certificate and key are one pair.
    private func keyDigest(_ name: String, _ record: IssuedRecord, isKnown: Bool) throws -> String {
        let file = "\(state.path)/\(name)"
        let isEncrypted = try state.isKeyEncrypted(file)
        if let digest = record.keySHA256 {
            if !isKnown, !isEncrypted || state.keys.passphrase != nil { _ = try state.issuedKey(name) }
            return digest
        }
        guard !isEncrypted else {
            throw state.damaged(file, "it is encrypted, and `issued` beside it does not hold its digest")
        }
        return try Digest.sha256Hex(try state.issuedKey(name))
    }
}
