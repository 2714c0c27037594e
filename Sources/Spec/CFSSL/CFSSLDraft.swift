// SPDX-License-Identifier: Apache-2.0

/// The spec that cfssl's files become, with the place that each of its values comes from.
struct CFSSLDraft {
    /// Positions in the list of files.
    enum File: Int {
        case caConfig
        case caCSR
        case csr
    }

    struct Origin {
        let file: File
        let location: SourceLocation
    }

    /// What cfssl takes for a CA whose request has no `ca.expiry`, whatever the signing configuration says.
    static let defaultCAExpiry = "43800h"

    private var origins: [String: Origin] = [:]
    private var certificates: [OrderedJSON.Member] = []
    private var allowedName = ""

    /// Where the value at `path` comes from, or the nearest one around it; nil for nodes and cluster.
    func origin(of path: String) -> Origin? {
        var path = path[...]
        while true {
            if let origin = origins[String(path)] { return origin }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            path = path[..<end]
        }
    }

    mutating func addCertificates(ca: CFSSLRequest, leaf: CFSSLRequest, _ signing: CFSSLSigning) {
        origins["certificates.ca"] = Origin(file: .caCSR, location: .start)
        origins["certificates.proxyClient"] = Origin(file: .csr, location: .start)
        let base = "certificates.proxyClient"
        var authority = subject(ca, "certificates.ca", .caCSR)
        let expiry = ca.expiry.map { text($0, "certificates.ca.validity", .caCSR) }
        authority.append(.init("validity", expiry ?? .text(Self.defaultCAExpiry)))
        var client = subject(leaf, base, .csr)
        let hosts = list(leaf.hosts, "\(base).hosts", .csr)
        let usages = list(signing.usages, "\(base).usages", .caConfig)
        origins["\(base).usages"] = signing.usagesLocation.map { Origin(file: .caConfig, location: $0) }
        client += [.init("hosts", hosts), .init("usages", usages)]
        if let expiry = signing.expiry {
            client.append(.init("validity", text(expiry, "\(base).validity", .caConfig)))
        }
        // cfssl's files make one certificate that is copied to every node.
        client.append(.init("perNode", .boolean(false)))
        certificates = [.init("ca", .object(authority)), .init("proxyClient", .object(client))]
        allowedName = leaf.commonName?.value ?? ""
        origins["requestHeader"] = origins["\(base).commonName"]
    }

    func document(cluster: String, nodes: [(name: String, address: String)]) -> String {
        let list: [OrderedJSON] = nodes.map { node in
            .object([.init("name", .text(node.name)), .init("address", .text(node.address))])
        }
        let local = OrderedJSON.object([.init("name", .text("cp1")), .init("local", .boolean(true))])
        return OrderedJSON.object([
            .init("$schema", .text(SpecDocument.schemaFileName)),
            .init("apiVersion", .text(SpecFields.apiVersion)),
            .init("cluster", .text(cluster)),
            .init("certificates", .object(certificates)),
            .init("requestHeader", .object([.init("allowedNames", .list([.text(allowedName)]))])),
            .init("nodes", .list(list.isEmpty ? [local] : list)),
        ]).document
    }

    // MARK: Members

    private mutating func subject(
        _ request: CFSSLRequest, _ path: String, _ file: File
    ) -> [OrderedJSON.Member] {
        var members: [OrderedJSON.Member] = []
        if let name = request.commonName {
            members.append(.init("commonName", text(name, "\(path).commonName", file)))
        }
        if !request.names.isEmpty {
            let names = request.names.map { name in
                OrderedJSON.Member(
                    name.attribute, text(name.text, "\(path).names.\(name.attribute)", file))
            }
            members.append(.init("names", .object(names)))
        }
        var key: [OrderedJSON.Member] = []
        if let algorithm = request.algorithm {
            key.append(.init("algorithm", text(algorithm, "\(path).key.algorithm", file)))
        }
        if let size = request.size {
            key.append(.init("size", .integer(size.value)))
            origins["\(path).key.size"] = Origin(file: file, location: size.location)
        }
        if !key.isEmpty { members.append(.init("key", .object(key))) }
        return members
    }

    private mutating func list(_ texts: [CFSSLText], _ path: String, _ file: File) -> OrderedJSON {
        var values: [OrderedJSON] = []
        for (index, element) in texts.enumerated() {
            values.append(text(element, "\(path)[\(index)]", file))
        }
        return .list(values)
    }

    private mutating func text(_ text: CFSSLText, _ path: String, _ file: File) -> OrderedJSON {
        origins[path] = Origin(file: file, location: text.location)
        return .text(text.value)
    }
}
