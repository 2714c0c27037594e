// SPDX-License-Identifier: Apache-2.0

import Values

/// Paths on a node that must not be the same: one file cannot be two.
enum SpecPathCollisions {
    private struct Use {
        let path: Located<String>
        let what: String
        /// Whether the program writes it.
        let isOurs: Bool
    }

    /// Values that are faulty by themselves are left alone.
    static func check(_ certificates: SpecSection, _ apiServer: SpecSection, _ reader: inout SpecReader) {
        let uses = uses(certificates, apiServer)
        for (index, use) in uses.enumerated() {
            guard let other = uses[..<index].first(where: { ($0.isOurs || use.isOurs) && collide($0, use) })
            else { continue }
            reader.report(
                .duplicateValue, at: use.path.location, use.path.path,
                "\(SpecText.quoted(use.path.value)) is both \(other.what) and \(use.what)",
                hint: "give each a path of its own")
        }
    }

    private static func uses(_ certificates: SpecSection, _ apiServer: SpecSection) -> [Use] {
        var uses: [Use] = []
        func add(_ path: Located<String>?, _ what: String, isOurs: Bool) {
            if let path { uses.append(Use(path: path, what: what, isOurs: isOurs)) }
        }
        if let directory = certificates.locatedText("directory") {
            let files = certificates.section("files", SpecFields.files)
            for (name, what) in [
                ("ca", "the CA's file"), ("certificate", "the certificate"), ("key", "the key"),
            ] {
                let path = files.locatedText(name).map {
                    Located(
                        value: "\(directory.value)/\($0.value)", location: $0.location, path: $0.path)
                }
                add(path, "\(what) of certificates.files", isOurs: true)
            }
            add(directory, "certificates.directory", isOurs: true)
        }
        if let unit = apiServer.optionalText("unit") {
            for (path, what) in [
                (UnitPaths.unit(unit), "the unit's file"),
                (UnitPaths.dropIn(of: unit), "our drop-in"),
            ] {
                add(
                    Located(value: path, location: apiServer.location, path: apiServer.path), what,
                    isOurs: true)
            }
        }
        add(
            apiServer.optionalSection("environmentFile")?.locatedText("path"),
            "the file of apiServer.environmentFile", isOurs: true)
        add(apiServer.locatedText("clientCAFile"), "the client CA of apiServer.clientCAFile", isOurs: false)
        add(apiServer.locatedText("executable"), "the program of apiServer.executable", isOurs: false)
        return uses
    }

    private static func collide(_ a: Use, _ b: Use) -> Bool {
        SpecText.isSame(a.path.value, b.path.value)
            // The names of three files are compared by themselves.
            && !(a.path.path.hasPrefix("certificates.files") && b.path.path.hasPrefix("certificates.files"))
    }
}
