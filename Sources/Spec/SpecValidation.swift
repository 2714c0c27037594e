// SPDX-License-Identifier: Apache-2.0

import Values

/// The rules that hold between several values of a spec.
enum SpecValidation {
    /// Reports what does not fit together; values that are faulty by themselves are left alone.
    static func check(_ document: SpecSection, _ reader: inout SpecReader) {
        let certificates = document.section("certificates", SpecFields.certificates)
        let proxyClient = certificates.section("proxyClient", SpecFields.proxyClient)
        let requestHeader = document.section("requestHeader", SpecFields.requestHeader)
        let apiServer = document.section("apiServer", SpecFields.apiServer)
        checkFileNames(certificates.section("files", SpecFields.files), &reader)
        SpecSigners.check(certificates.section("ca", SpecFields.ca), &reader)
        checkUsages(proxyClient, &reader)
        checkAllowedNames(requestHeader, proxyClient, &reader)
        checkHeaders(requestHeader, &reader)
        checkPlacement(apiServer, &reader)
        checkManager(apiServer, document.sections("nodes"), &reader)
        SpecPathCollisions.check(certificates, apiServer, &reader)
        SpecNodeValidation.check(document.sections("nodes"), apiServer, &reader)
    }

    private static func checkFileNames(_ files: SpecSection, _ reader: inout SpecReader) {
        let names = ["ca", "certificate", "key"].compactMap { files.locatedText($0) }
        for (index, name) in names.enumerated() {
            guard let other = names[..<index].first(where: { SpecText.isSame($0.value, name.value) }) else {
                continue
            }
            // The one that the spec gives is the one to change, not a default.
            let given = name.location == files.location ? other : name
            reader.report(
                .duplicateValue, at: given.location, given.path,
                "\(SpecText.quoted(name.value)) is the name of two files: \(other.path) and \(name.path)",
                hint: "give each file a name of its own")
        }
    }

    private static func checkUsages(_ proxyClient: SpecSection, _ reader: inout SpecReader) {
        guard let (usages, complete) = proxyClient.locatedTexts("usages"), complete else { return }
        if usages.value.contains(where: { $0.value == CertificateUsage.clientAuth.rawValue }) { return }
        reader.report(
            .clientAuthMissing, at: usages.location, usages.path,
            "\"usages\" lacks \"client auth\": API servers reject the certificate without it",
            hint: "add \"client auth\"")
    }

    private static func checkAllowedNames(
        _ requestHeader: SpecSection, _ proxyClient: SpecSection, _ reader: inout SpecReader
    ) {
        guard requestHeader.has("allowedNames"),
            let (names, complete) = requestHeader.locatedTexts("allowedNames"), complete,
            let commonName = proxyClient.locatedText("commonName"),
            !names.value.contains(where: { SpecText.isSame($0.value, commonName.value) })
        else { return }
        let quoted = SpecText.quoted(commonName.value)
        let origin: Message = proxyClient.has("commonName") ? "" : " (the default)"
        reader.report(
            .commonNameNotAllowed, at: names.location, names.path,
            "\"allowedNames\" lacks \(quoted)\(origin), the common name of the proxy client certificate:"
                + " extension API servers would reject every request",
            hint: "add \(quoted), or change certificates.proxyClient.commonName")
    }

    private static func checkHeaders(_ requestHeader: SpecSection, _ reader: inout SpecReader) {
        if requestHeader.flag("allowCustomHeaders") { return }
        let standard = [
            ("usernameHeaders", "X-Remote-User"), ("groupHeaders", "X-Remote-Group"),
            ("extraHeadersPrefix", "X-Remote-Extra-"),
        ]
        for (field, name) in standard {
            for header in requestHeader.locatedTexts(field)?.list.value ?? [] {
                guard let complaint = SpecHeaders.complaint(about: header.value, unlike: name) else {
                    continue
                }
                reader.report(
                    complaint.code, at: header.location, header.path, complaint.message, hint: complaint.hint)
            }
        }
    }

    /// Fields of a systemd unit where something else runs kube-apiserver.
    private static func checkManager(
        _ apiServer: SpecSection, _ nodes: [SpecSection], _ reader: inout SpecReader
    ) {
        guard apiServer.locatedText("managedBy")?.value == APIServerManager.external.rawValue else { return }
        func report(_ section: SpecSection, _ name: String) {
            guard let location = section.givenLocation(name) else { return }
            reader.report(
                .combination, at: location, section.path(of: name),
                "\"\(name)\" is for kube-apiservers that a systemd unit runs, and apiServer.managedBy is \"external\"",
                hint: "remove \"\(name)\", or remove \"managedBy\"")
        }
        for name in ["unit", "flagsIn", "environmentFile", "executable", "flags"] { report(apiServer, name) }
        for node in nodes { report(node, "flags") }
    }

    private static func checkPlacement(_ apiServer: SpecSection, _ reader: inout SpecReader) {
        guard let placement = apiServer.locatedText("flagsIn") else { return }
        let needed =
            switch placement.value {
            case FlagsPlacement.unit.rawValue: "flags"
            case FlagsPlacement.environmentFile.rawValue: "environmentFile"
            default: ""
            }
        guard !needed.isEmpty, !apiServer.has(needed) else { return }
        let example = apiServer.object.fields.first { $0.name == needed }?.example ?? ""
        reader.report(
            .combination, at: placement.location, placement.path,
            "\"flagsIn\": \"\(placement.value)\" needs apiServer.\(needed)",
            hint: "add \"\(needed)\": \(example)")
    }
}
