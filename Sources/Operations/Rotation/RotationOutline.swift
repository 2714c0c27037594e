// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Proofs
import Spec
import StateStore

/// What a rotation will do, in words.
struct RotationOutline: Sendable {
    let context: RotationContext
    private var run: Run { context.run }
    private var options: RotationOptions { context.options }

    init(_ context: RotationContext) { self.context = context }

    /// What a rotation will do, a line a stage, with what each waits for; changes nothing.
    func lines(isAbort: Bool) async throws -> [String] {
        let nodes = run.nodes.map(\.name).joined(separator: ", ")
        let (spec, terms) = (run.spec, try context.open())
        // Called off once, it goes back, whichever option it is gone on with.
        let isEmergency = options.cause.isCompromise || terms?.cause.isCompromise ?? false
        let isAbort = !isEmergency && (isAbort || terms?.direction == .back)
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
                    "\(bundle) gets both CAs; waits until each API server's TLS handshake, and that of who else reads the "
                        + "file, names both, at most \(TrustReaders.seconds) s"
                ),
                (
                    .extensions,
                    isEmergency
                        ? "gives the servers behind all APIServices \(Compromise.emergencySeconds) s to trust both, and goes on "
                            + "without those that do not"
                        : "waits until the servers behind all APIServices trust both, at most \(ExtensionServers.seconds) s; "
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
            (.soak, soakText(isEmergency, isAbort: isAbort)),
            (
                .drop,
                "\(bundle) gets one CA; waits until nobody who reads it names the other; takes the other out of the ConfigMap of "
                    + "the extension servers and watches that for \(options.watchSeconds) s; no way back from here on"
            ),
            (
                .proof,
                isEmergency
                    ? "every API server answers 401 to the proxy client that was dropped, and no extension server trusts the "
                        + "old CA; its keys are destroyed"
                    : "every API server answers 401 to the proxy client that was dropped; its keys are destroyed"
            ),
        ]
        return [title] + lines.map { "  \($0.0.label) \(pad($0.0.rawValue)) \($0.1)" } + [""]
    }

    private func soakText(_ isEmergency: Bool, isAbort: Bool) -> String {
        guard isEmergency, options.soakSeconds == nil else {
            let seconds = options.soakSeconds ?? 90
            let more = isAbort && seconds < options.reloadSeconds
            return "\(seconds) s with both CAs trusted"
                + (more
                    ? ", and \(options.reloadSeconds) s for a kube-apiserver that reads its files each minute, as before 1.23"
                    : "")
        }
        return
            "none, but \(options.reloadSeconds) s for a kube-apiserver that reads its files each minute, as before 1.23"
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
