// SPDX-License-Identifier: Apache-2.0

import Values

/// A spec made from the three JSON files with which cfssl makes a requestheader CA and a proxy client.
package struct CFSSLImport: Sendable {
    package struct Request: Sendable {
        package let caConfig: CFSSLFile
        package let caCSR: CFSSLFile
        package let csr: CFSSLFile
        /// nil takes the only profile, or the default where there is no other.
        package let profile: String?
        package let cluster: String
        /// None: the machine that the program runs on, under the name `cp1`.
        package let nodes: [(name: String, address: String)]

        package init(
            caConfig: CFSSLFile, caCSR: CFSSLFile, csr: CFSSLFile, profile: String?, cluster: String,
            nodes: [(name: String, address: String)]
        ) {
            self.caConfig = caConfig
            self.caCSR = caCSR
            self.csr = csr
            self.profile = profile
            self.cluster = cluster
            self.nodes = nodes
        }
    }

    /// A valid spec in JSON, with a line feed at its end.
    package let text: String
    /// What the spec does not say as the files do, in the order of the files.
    package let notes: [CFSSLNote]

    /// Converts the files; whatever cannot stand in a spec is either a note or an error.
    package init(_ request: Request) throws(CFSSLImportError) {
        var (config, ca, leaf) = (
            CFSSLReader(request.caConfig), CFSSLReader(request.caCSR), CFSSLReader(request.csr)
        )
        let signing = try CFSSLSigning(profile: request.profile, &config)
        let caRequest = CFSSLRequest(.ca, &ca)
        let leafRequest = CFSSLRequest(.leaf, &leaf)
        let readers = [config, ca, leaf]
        try Self.refuse(readers, readers.map(\.problems))
        var draft = CFSSLDraft()
        draft.addCertificates(ca: caRequest, leaf: leafRequest, signing)
        let text = draft.document(cluster: request.cluster, nodes: request.nodes)
        do {
            // Never hand out a spec that would be refused.
            _ = try ClusterSpec.parse(Array(text.utf8), fileName: "<new spec>")
        } catch {
            try Self.explain(error, draft, readers)
        }
        self.text = text
        notes = readers.flatMap(\.notes) + Self.fillIns(request, caExpiry: caRequest.expiry)
    }

    /// What the spec says and no file does.
    private static func fillIns(_ request: Request, caExpiry: CFSSLText?) -> [CFSSLNote] {
        var notes: [CFSSLNote] = []
        if caExpiry == nil {
            let place = "\(SpecRendering.printable(request.caCSR.name)):\(SourceLocation.start)"
            let period = CFSSLDraft.defaultCAExpiry
            let message: Message = "ca.expiry is absent: the CA is valid for \(period), as with cfssl"
            notes.append(CFSSLNote(place: place, message: message))
        }
        if request.nodes.isEmpty {
            let message: Message = "no --node was given: the spec has one node, cp1, this machine"
            notes.append(CFSSLNote(place: nil, message: message))
        }
        return notes
    }

    private static func refuse(
        _ readers: [CFSSLReader], _ problems: [[SpecProblem]]
    ) throws(CFSSLImportError) {
        let found = zip(readers, problems).filter { !$1.isEmpty }.map { reader, problems in
            let bytes = problems.contains { $0.code == .tooLarge } ? [] : reader.file.bytes
            return SpecProblems(fileName: reader.file.name, problems: problems, source: bytes)
        }
        if !found.isEmpty { throw .files(found, notes: readers.flatMap(\.notes)) }
    }

    /// Puts what the parser says about the new spec where the value came from.
    private static func explain(
        _ refused: SpecProblems, _ draft: CFSSLDraft, _ readers: [CFSSLReader]
    ) throws(CFSSLImportError) {
        var problems = readers.map { _ in [SpecProblem]() }
        for problem in refused.problems {
            guard let origin = draft.origin(of: problem.path) else {
                let flag = problem.path.utf8.starts(with: "nodes".utf8) ? "--node" : "--cluster"
                // Its hint names a line of the new spec, which nobody has seen.
                let hint = problem.code == .duplicateValue ? nil : problem.hint
                throw .argument("\(flag): \(problem.message)", hint: hint)
            }
            problems[origin.file.rawValue].append(
                SpecProblem(
                    at: origin.location, problem.code, problem.message, hint: problem.hint, path: problem.path
                ))
        }
        try refuse(readers, problems)
    }
}
