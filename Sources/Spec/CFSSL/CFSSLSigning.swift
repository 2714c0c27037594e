// SPDX-License-Identifier: Apache-2.0

import Values

/// What one profile of cfssl's signing configuration (`ca-config.json`) says of the leaf.
struct CFSSLSigning {
    private(set) var usages: [CFSSLText] = []
    /// Where the list of usages stands; nil where there is none.
    private(set) var usagesLocation: SourceLocation?
    private(set) var expiry: CFSSLText?

    /// - Parameter profile: nil takes the only profile, or the default where there is no other.
    /// - Throws: where `profile` is not there, or several are and none was named.
    init(profile: String?, _ reader: inout CFSSLReader) throws(CFSSLImportError) {
        let document = reader.document([
            .kept("signing"), .dropped("auth_keys", "nothing is signed over the network"),
            .dropped("remotes", "nothing is signed over the network"),
        ])
        guard reader.problems.isEmpty else { return }
        guard let signing = document["signing"] else {
            reader.report(.missingKey, at: .start, "the key \"signing\" is missing")
            return
        }
        let parts = reader.members(of: signing, "signing", [.kept("default"), .kept("profiles")])
        let profiles = Self.profiles(parts["profiles"], &reader)
        guard reader.problems.isEmpty else { return }
        let chosen = try Self.choose(profile, among: profiles, hasDefault: parts["default"] != nil, &reader)
        for other in profiles where other.name != chosen {
            let name = SpecRendering.printable(other.name)
            reader.drop("signing.profiles.\(name)", at: other.json.location, "another profile is used")
        }
        if let found = profiles.first(where: { $0.name == chosen }) {
            read(found.json, "signing.profiles.\(SpecRendering.printable(found.name))", &reader)
            fillIn(from: parts["default"], of: found, &reader)
        } else if let json = parts["default"] {
            read(json, "signing.default", &reader)
        }
        if reader.problems.isEmpty { requireAll(at: signing.location, &reader) }
    }

    /// cfssl too refuses a profile without expiry or usages.
    private func requireAll(at location: SourceLocation, _ reader: inout CFSSLReader) {
        if usagesLocation == nil {
            reader.report(
                .missingKey, at: location, "the profile has no \"usages\"",
                hint: #"add "usages": ["signing", "key encipherment", "client auth"]"#)
        }
        if expiry == nil {
            reader.report(
                .missingKey, at: location, "the profile has no \"expiry\"", hint: #"add "expiry": "8760h""#)
        }
    }

    private static func profiles(
        _ json: LocatedJSON?, _ reader: inout CFSSLReader
    ) -> [(name: String, json: LocatedJSON)] {
        guard let json else { return [] }
        guard case .object(let members) = json.value else {
            reader.report(
                .wrongType, at: json.location, "\"signing.profiles\" must be an object, not \(json.kind)")
            return []
        }
        for (index, member) in members.enumerated()
        where members[..<index].contains(where: { $0.key == member.key }) {
            reader.report(
                .duplicateKey, at: member.keyLocation,
                "the profile \(SpecText.quoted(member.key)) is given twice")
        }
        return members.map { ($0.key, $0.value) }
    }

    /// The profile's name; nil for the default one.
    private static func choose(
        _ wanted: String?, among profiles: [(name: String, json: LocatedJSON)], hasDefault: Bool,
        _ reader: inout CFSSLReader
    ) throws(CFSSLImportError) -> String? {
        let names = profiles.map(\.name)
        let listed = (names + (hasDefault ? ["default"] : [])).map(SpecText.quoted).joined(separator: ", ")
        let file = SpecRendering.printable(reader.file.name)
        if let wanted {
            if names.contains(wanted) { return wanted }
            if wanted == "default", hasDefault { return nil }
            throw .argument(
                "there is no profile \(SpecText.quoted(wanted)) in \(file)",
                hint: listed.isEmpty ? "it has no profiles" : "its profiles are \(listed)")
        }
        switch profiles.count {
        case 0: return nil
        case 1:
            reader.note(
                at: profiles[0].json.location,
                "the profile \(SpecText.quoted(names[0])) is used: it is the only one")
            return names[0]
        default:
            throw .argument(
                "\(file) has several profiles", hint: "name one of \(listed) with --profile")
        }
    }

    private mutating func read(_ json: LocatedJSON, _ path: String, _ reader: inout CFSSLReader) {
        let members = reader.members(of: json, path, Self.profileKeys)
        expiry = reader.text(members["expiry"], "\(path).expiry")
        usagesLocation = members["usages"]?.location
        usages = []
        for (index, usage) in reader.texts(members["usages"], "\(path).usages").enumerated() {
            keep(usage, "\(path).usages[\(index)]", &reader)
        }
    }

    /// What the profile lacks comes from the default; the rest of the default is named as not kept.
    private mutating func fillIn(
        from json: LocatedJSON?, of profile: (name: String, json: LocatedJSON), _ reader: inout CFSSLReader
    ) {
        guard let json else { return }
        guard expiry == nil || usagesLocation == nil else {
            reader.drop(
                "signing.default", at: json.location,
                "the profile \(SpecText.quoted(profile.name)) has its own expiry and usages")
            return
        }
        let own = self
        read(json, "signing.default", &reader)
        if own.expiry != nil {
            expiry = own.expiry
        } else if let expiry {
            let name = SpecText.quoted(profile.name)
            reader.note(at: expiry.location, "the profile \(name) has no expiry: the default one is used")
        }
        if own.usagesLocation != nil {
            (usages, usagesLocation) = (own.usages, own.usagesLocation)
        } else if let usagesLocation {
            let name = SpecText.quoted(profile.name)
            reader.note(at: usagesLocation, "the profile \(name) has no usages: the default ones are used")
        }
    }

    private mutating func keep(_ usage: CFSSLText, _ path: String, _ reader: inout CFSSLReader) {
        let quoted = SpecText.quoted(usage.value)
        // cfssl 1.2.0 spells it so.
        let name = usage.value == "content committment" ? "content commitment" : usage.value
        if usages.contains(where: { $0.value == name }) {
            reader.drop(path, at: usage.location, "\(quoted) is given twice")
        } else if CertificateUsage(rawValue: name) != nil {
            usages.append(CFSSLText(value: name, location: usage.location))
        } else if Self.otherUsages.contains(name) {
            reader.drop(path, at: usage.location, "\(quoted) is of no use in a proxy client certificate")
        } else {
            let near = EditDistance.nearest(to: name, among: CertificateUsage.allCases.map(\.rawValue))
            let hint: Message = near.map { "; did you mean \"\($0)\"?" } ?? ""
            reader.drop(path, at: usage.location, "cfssl knows no usage \(quoted) and ignores it\(hint)")
        }
    }

    /// Usages that cfssl writes and the spec has no name for.
    private static let otherUsages = [
        "cert sign", "crl sign", "encipher only", "decipher only", "any", "code signing", "email protection",
        "s/mime", "ipsec end system", "ipsec tunnel", "ipsec user", "timestamping", "ocsp signing",
        "microsoft sgc", "netscape sgc",
    ]

    private static let profileKeys: [CFSSLKey] = {
        let addresses: Message = "a proxy client certificate is not checked at such addresses"
        let network: Message = "nothing is signed over the network"
        let fixed: Message = "certificates begin when they are issued, and end after their expiry"
        let requests: Message = "key and certificate are made together, so there is no request to check"
        return [
            .kept("expiry"), .kept("usages"), .dropped("issuer_urls", addresses),
            .dropped("ocsp_url", addresses), .dropped("crl_url", addresses),
            .dropped("ocsp_no_check", addresses), .dropped("ct_log_servers", addresses),
            .dropped("backdate", "certificates begin 5 minutes before they are issued here"),
            .dropped("not_before", fixed), .dropped("not_after", fixed),
            .dropped("ca_constraint", "a proxy client certificate is not a CA"),
            .dropped("auth_key", network), .dropped("prev_auth_key", network), .dropped("remote", network),
            .dropped("auth_remote", network), .dropped("name_whitelist", requests),
            .dropped("copy_extensions", requests), .dropped("allowed_extensions", requests),
            .dropped("ClientProvidesSerialNumbers", requests),
            .dropped("policies", "a proxy client certificate has no policies"),
            .dropped("cert_store", "the ledger of the state directory records what was issued"),
        ]
    }()
}
