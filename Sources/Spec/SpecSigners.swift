// SPDX-License-Identifier: Apache-2.0

import Values

/// The rules of a CA whose key is elsewhere: what must be said of it, and what is not ours to say.
enum SpecSigners {
    /// What signs where the key is elsewhere.
    private static let signers = ["signer", "external"]

    static func check(_ ca: SpecSection, _ reader: inout SpecReader) {
        guard let signer = signers.first(where: { isGiven($0, ca) }) else {
            if let location = ca.givenLocation("certificate") {
                reader.report(
                    .combination, at: location, ca.path(of: "certificate"),
                    "\"certificate\" is for a CA whose key is elsewhere, and the spec does not say what signs",
                    hint:
                        "add \"signer\": { \"command\": [...] }, \"external\": true, or remove \"certificate\""
                )
            }
            if ca.flag("onNodes"), !ca.flag("keep"), let location = ca.givenLocation("onNodes") {
                reader.report(
                    .combination, at: location, ca.path(of: "onNodes"),
                    "\"onNodes\" puts the CA's key on control planes, and \"keep\" has it destroyed",
                    hint: "remove one of the two")
            }
            return
        }
        checkProgram(ca, &reader)
        if signer == "signer", ca.flag("external"), let location = ca.givenLocation("external") {
            reader.report(
                .combination, at: location, ca.path(of: "external"),
                "\"external\" is for certificates that people have signed, and \"signer\" names a program",
                hint: "remove one of the two")
        }
        for name in ["commonName", "names", "key", "validity", "keep", "onNodes"] {
            guard let location = ca.givenLocation(name) else { continue }
            reader.report(
                .combination, at: location, ca.path(of: name),
                "\"\(name)\" is for a CA that aggbootstrap makes, and \"\(signer)\" says that it is made elsewhere",
                hint: "remove \"\(name)\", or remove \"\(signer)\"")
        }
        guard !ca.has("certificate"), let location = ca.givenLocation(signer) else { return }
        reader.report(
            .combination, at: location, ca.path(of: signer),
            "\"\(signer)\" needs certificates.ca.certificate, the certificate of the CA that signs",
            hint: "add \"certificate\": \"/etc/aggbootstrap/requestheader-ca.pem\"")
    }

    private static func isGiven(_ name: String, _ ca: SpecSection) -> Bool {
        name == "external" ? ca.flag(name) : ca.has(name)
    }

    private static func checkProgram(_ ca: SpecSection, _ reader: inout SpecReader) {
        guard let signer = ca.optionalSection("signer"),
            let program = signer.locatedTexts("command")?.list.value.first, program.value.isEmpty
        else { return }
        reader.report(
            .flag, at: program.location, program.path, "the name of the program is empty",
            hint: "write its path, or its name if it is on the PATH")
    }
}
