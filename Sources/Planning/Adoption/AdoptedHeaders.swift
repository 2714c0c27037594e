// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// The `requestHeader` of a spec that is made of a running control plane.
struct AdoptedHeaders {
    private(set) var notes: [AdoptionNote] = []
    private(set) var member: OrderedJSON = .object([])

    init(_ server: AdoptedServer, commonName: String) {
        let flags = server.flags
        var members: [OrderedJSON.Member] = [
            .init("allowedNames", .list(allowedNames(flags, commonName).map { .text($0) }))
        ]
        var isStandard = true
        for (field, flag, standard) in Self.headers {
            let found = headers(flags, flag, standard)
            if found.map({ $0.lowercased() }) != [standard.lowercased()] { isStandard = false }
            members.append(.init(field, .list(found.map { .text($0) })))
        }
        if !isStandard { members.append(.init("allowCustomHeaders", .boolean(true))) }
        member = .object(members)
    }

    private static let headers = [
        ("usernameHeaders", "requestheader-username-headers", "X-Remote-User"),
        ("groupHeaders", "requestheader-group-headers", "X-Remote-Group"),
        ("extraHeadersPrefix", "requestheader-extra-headers-prefix", "X-Remote-Extra-"),
    ]

    private mutating func allowedNames(_ flags: EffectiveFlags, _ commonName: String) -> [String] {
        let name = "requestheader-allowed-names"
        let found = (flags.list(name) ?? []).filter { !$0.isEmpty }
        let kept = Self.unique(found.filter { SpecFormat.allowedName.accepts($0) })
        if kept.count != Set(found.map(\.bytes)).count {
            notes.append(
                .flag(
                    name: name, found: "\(flags.string(name) ?? "" as String)",
                    kept: kept.joined(separator: ",")))
        }
        if flags.lacksAggregation { return [commonName] }
        if found.isEmpty {
            notes.append(.anyName(kept: commonName))
        } else if !kept.containsBytes(commonName) {
            notes.append(.nameNotAllowed(commonName))
        }
        return kept.containsBytes(commonName) ? kept : kept + [commonName]
    }

    private mutating func headers(
        _ flags: EffectiveFlags, _ name: String, _ standard: String
    ) -> [String] {
        let found = flags.list(name) ?? []
        // A header's name is the same in capitals.
        let named = Self.unique(found.filter { SpecFormat.headerName.accepts($0) })
        let kept = named.enumerated().filter { index, text in
            !named[..<index].contains { $0.lowercased() == text.lowercased() }
        }.map(\.element)
        if !kept.isEmpty, kept.count == found.count { return kept }
        if !flags.lacksAggregation {
            notes.append(
                .flag(
                    name: name, found: .value(flags.string(name)),
                    kept: kept.isEmpty ? standard : kept.joined(separator: ",")))
        }
        return kept.isEmpty ? [standard] : kept
    }

    private static func unique(_ texts: [String]) -> [String] {
        texts.enumerated().filter { index, text in !texts[..<index].containsBytes(text) }.map(\.element)
    }
}
