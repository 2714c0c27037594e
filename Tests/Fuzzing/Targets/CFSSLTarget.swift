// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// cfssl's three files, with NULs between them and before a profile's name.
///
/// What they become is a valid spec; what is said of them lies within the file that it names.
enum CFSSLTarget {
    static func run(_ bytes: [UInt8]) {
        let parts = parts(bytes, 4)
        let names = ["ca-config.json", "ca-csr.json", "csr.json"]
        let files = zip(names, parts).map { CFSSLFile(name: $0, bytes: $1) }
        let request = CFSSLImport.Request(
            caConfig: files[0], caCSR: files[1], csr: files[2],
            profile: parts[3].isEmpty ? nil : text(parts[3]), cluster: "c", nodes: [])
        do throws(CFSSLImportError) {
            let found = try CFSSLImport(request)
            require(
                (try? ClusterSpec.parse(Array(found.text.utf8), fileName: "new")) != nil,
                "the spec is not valid")
            for note in found.notes { check(note) }
        } catch {
            guard case .files(let problems, let notes) = error else { return }
            for note in notes { check(note) }
            for problem in problems {
                guard let index = names.firstIndex(of: problem.fileName) else {
                    fatalError("PROPERTY: a problem of \(problem.fileName)")
                }
                SpecTarget.check(problem, parts[index])
            }
        }
    }

    private static func check(_ note: CFSSLNote) {
        require(
            SpecTarget.isPrintable(note.message.description),
            "a note with control characters: \(note.message)")
    }
}
