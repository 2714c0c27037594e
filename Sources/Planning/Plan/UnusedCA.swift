// SPDX-License-Identifier: Apache-2.0

import SystemdUnits
import Values

/// A CA's file that lies where the spec wants one, and that no kube-apiserver there uses.
enum UnusedCA {
    /// What to do with one that this state does not know: nobody needs it, and it is not ours to replace.
    static func refusal(_ node: ObservedNode, _ certificate: CertificateSummary) -> Refusal {
        Refusal(
            code: "plan/unused-ca", node: node.name,
            message:
                "\(node.ca.path) holds a CA that is not in this state directory: \(certificate.subject), expires "
                + "\(certificate.notAfter); kube-apiserver there does not use it, and init never replaces a CA that it did not "
                + "issue",
            hint:
                "use the state directory that issued it (--state DIR); or move it away on \(node.name), then run it again: "
                + "mv \(node.ca.path) \(node.ca.path).old")
    }
}

extension ObservedNode {
    /// Whether the running kube-apiserver was started without a requestheader CA, would be started without one, and names
    /// none of those that lie in the spec's file: all of it seen, and not merely not known to be otherwise.
    package func hasUnusedCA(unit name: String) -> Bool {
        let certificates = requestHeaderCAs.first { $0.path.bytes == ca.path.bytes }?.certificates ?? []
        guard access == .live, transaction == nil, !certificates.isEmpty,
            let running = unit?.live?.runningArguments, let loaded = apiServer?.loadedCAs,
            !EffectiveFlags.parse(commandLine: running).has("requestheader-client-ca-file"),
            !certificates.contains(where: { ca in loaded.contains { $0.der == ca.subjectDER } })
        else { return false }
        guard let sources = try? UnitSources.current(self, unit: name) else { return false }
        // Where no unit starts it there are no files to read.
        if sources.isEmpty { return true }
        guard
            let service = try? EffectiveService(
                unit: name, sources: sources, environmentFiles: unit?.environmentFiles ?? [:]),
            let command = try? service.command(unit: name)
        else { return false }
        let flags = EffectiveFlags.parse(arguments: service.arguments(of: command))
        return !flags.has("requestheader-client-ca-file")
    }
}
