// SPDX-License-Identifier: Apache-2.0

import ClusterPlan

extension CARotation {
    /// What a rotation will do, a line a stage, with what each waits for; changes nothing.
    package func outline(isAbort: Bool) async throws -> [String] {
        let nodes = run.nodes.map(\.name).joined(separator: ", ")
        let (spec, terms) = (run.spec, try open())
        // Called off once, it goes back, whichever option it is gone on with.
        let isAbort = isAbort || terms?.direction == .back
        let bundle = "\(spec.certificates.directory)/\(spec.certificates.files.ca)"
        let certificate = "\(spec.certificates.directory)/\(spec.certificates.files.certificate)"
        let key = "\(spec.certificates.directory)/\(spec.certificates.files.key)"
        let title =
            isAbort
            ? "call off the replacement of the requestheader CA of \(spec.cluster), begun at \(terms?.since ?? "")"
            : terms.map {
                "go on with the replacement of the requestheader CA of \(spec.cluster), begun at \($0.since)"
            }
                ?? "replace the requestheader CA of \(spec.cluster) on \(nodes)"
        let cross = crossOutline(terms, isAbort: isAbort)
        var lines: [(RotationStage, String)] = [
            (
                .preflight,
                "every control plane serves, all hold the same CA, and no API server is missing in the spec; else nothing is begun"
            )
        ]
        if terms == nil {
            lines.append((.issue, "a new CA and new proxy clients, in \(run.state.path) only"))
        }
        if let made = cross?.made { lines.append((.issue, made)) }
        if !isAbort {
            lines += [
                (
                    .trust,
                    "\(bundle) gets both CAs; waits until each API server's TLS handshake names both, at most "
                        + "\(RotationGates.trustSeconds) s"
                ),
                (
                    .extensions,
                    "waits until the servers behind all APIServices trust both, at most \(ExtensionServers.seconds) s; "
                        + "stops there with both CAs trusted where one does not\(cross?.passing ?? "")"
                ),
            ]
        }
        lines += [
            (
                .leaves,
                "\(key) and \(certificate)\(cross?.behind ?? ""), one control plane after the other; each waits until all API servers take "
                    + "the pair, and is put back where one does not"
            ),
            (.soak, "\(options.soakSeconds) s with both CAs trusted"),
            (
                .drop,
                "\(bundle) gets one CA; waits until no API server names the other; has the ConfigMap of the extension "
                    + "servers written anew and watches it for \(options.watchSeconds) s; no way back from here on"
            ),
            (
                .proof,
                "every API server answers 401 to the proxy client that was dropped; its keys are destroyed"
            ),
        ]
        return [title] + lines.map { "  \($0.0.label) \(pad($0.0.rawValue)) \($0.1)" } + [""]
    }

    /// What a cross certificate changes of the stages; nil where none is there or asked for.
    private func crossOutline(_ terms: RotationTerms?, isAbort: Bool) -> CrossOutline? {
        guard !isAbort else { return nil }
        let isMade =
            terms.flatMap { try? run.state.inventory().generation($0.keep)?.crossSigned } != nil
        guard isMade || options.crossSigns else { return nil }
        return CrossOutline(
            made: isMade
                ? nil
                : "the new CA's name and key as signed by the old CA (cross certificate), in \(run.state.path) only"
        )
    }

    private struct CrossOutline {
        let made: String?
        let passing =
            ", unless it trusts the old CA: it is named, and takes the cross certificate until it is restarted"
        let behind = " with the cross certificate behind it"
    }

    private func pad(_ text: String) -> String {
        text + String(repeating: " ", count: max(0, 10 - text.count))
    }
}
