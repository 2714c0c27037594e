// SPDX-License-Identifier: Apache-2.0

import Values

/// A certificate request of cfssl (`ca-csr.json`, `csr.json`), with the places that its values come from.
struct CFSSLRequest {
    private(set) var commonName: CFSSLText?
    private(set) var names: [(attribute: String, text: CFSSLText)] = []
    private(set) var hosts: [CFSSLText] = []
    private(set) var algorithm: CFSSLText?
    private(set) var size: (value: Int, location: SourceLocation)?
    /// `ca.expiry`, of the CA's request alone.
    private(set) var expiry: CFSSLText?

    enum Role {
        case ca
        case leaf
    }

    private static let attributes = ["C", "ST", "L", "O", "OU"]
    private static let noPlace: Message = "a subject cannot hold it here"

    init(_ role: Role, _ reader: inout CFSSLReader) {
        let members = reader.document(Self.keys(role))
        guard reader.problems.isEmpty else { return }
        commonName = reader.text(members["CN"], "CN")
        if commonName == nil, reader.problems.isEmpty {
            reader.report(
                .missingKey, at: .start, "the key \"CN\" is missing or empty",
                hint: "add \"CN\": \"aggregator\"")
        }
        readNames(members["names"], &reader)
        readHosts(reader.texts(members["hosts"], "hosts"), &reader)
        if let key = members["key"] { readKey(key, &reader) }
        if let ca = members["ca"] {
            let fixed: Message =
                "the CA has pathlen:1 here: it signs proxy client certificates and the CA that replaces it"
            let keys: [CFSSLKey] = [
                .kept("expiry"), .dropped("pathlen", fixed), .dropped("pathlenzero", fixed),
                .dropped("backdate", "certificates begin 5 minutes before they are issued here"),
            ]
            expiry = reader.text(reader.members(of: ca, "ca", keys)["expiry"], "ca.expiry")
        }
    }

    private static func keys(_ role: Role) -> [CFSSLKey] {
        let common: [CFSSLKey] = [
            .kept("CN"), .kept("names"), .kept("key"), .dropped("serialnumber", noPlace),
            .dropped("crl", "no list of revoked certificates is kept"),
        ]
        return switch role {
        case .ca: common + [.kept("ca"), .dropped("hosts", "a CA needs no subject alternative names")]
        case .leaf: common + [.kept("hosts"), .dropped("ca", "a proxy client certificate is not a CA")]
        }
    }

    /// cfssl collects each attribute over all entries; a subject has one value of each here.
    private mutating func readNames(_ json: LocatedJSON?, _ reader: inout CFSSLReader) {
        let keys =
            Self.attributes.map { CFSSLKey.kept($0) }
            + [.dropped("SerialNumber", Self.noPlace), .dropped("E", Self.noPlace)]
        for (index, entry) in reader.list(json, "names").enumerated() {
            let members = reader.members(of: entry, "names[\(index)]", keys)
            for attribute in Self.attributes {
                let path = "names[\(index)].\(attribute)"
                guard let text = reader.text(members[attribute], path) else { continue }
                if let kept = names.first(where: { $0.attribute == attribute }) {
                    let value = SpecText.quoted(kept.text.value)
                    reader.drop(path, at: text.location, "a subject has one \(attribute) here, \(value)")
                } else {
                    names.append((attribute, text))
                }
            }
        }
        names.sort { Self.rank($0.attribute) < Self.rank($1.attribute) }
    }

    private static func rank(_ attribute: String) -> Int { attributes.firstIndex(of: attribute) ?? 0 }

    private mutating func readHosts(_ found: [CFSSLText], _ reader: inout CFSSLReader) {
        for (index, host) in found.enumerated() {
            if let first = hosts.first(where: { SpecText.isSame($0.value, host.value) }) {
                reader.drop(
                    "hosts[\(index)]", at: host.location,
                    "\(SpecText.quoted(host.value)) was given at \(first.location)")
            } else if host.value.utf8.contains(0x40) {
                reader.drop(
                    "hosts[\(index)]", at: host.location, "an e-mail address names no host of an API server")
            } else {
                hosts.append(host)
            }
        }
    }

    private mutating func readKey(_ json: LocatedJSON, _ reader: inout CFSSLReader) {
        let members = reader.members(of: json, "key", [.kept("algo"), .kept("size")])
        algorithm = reader.text(members["algo"], "key.algo")
        size = reader.integer(members["size"], "key.size")
        if let given = size, algorithm?.value == "ed25519" {
            size = nil
            reader.drop("key.size", at: given.location, "an ed25519 key has one size")
        }
    }
}
