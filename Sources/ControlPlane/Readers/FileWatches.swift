// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Spec
import SystemdBus
import TLS
import Values

extension ClusterSpec {
    /// The requestheader CA's file, the proxy client's certificate and its key.
    var certificatePaths: [String] {
        [certificates.files.ca, certificates.files.certificate, certificates.files.key]
            .map { "\(certificates.directory)/\($0)" }
    }
}

extension ControlPlanes {
    /// The version of a running kube-apiserver; nil where neither it nor the spec says.
    package func version(of own: APIServerConnection) async -> KubernetesVersion? {
        await own.observe().version ?? spec.kubernetesVersion
    }

    /// How the kube-apiserver of a node reads the files of the spec. One that has just been replaced is watched within
    /// moments, so up to two seconds are given to that.
    /// - Returns: nil where it does not run.
    package func certificateReload(of node: NodeSpec, _ version: KubernetesVersion?) async throws
        -> CertificateReload?
    {
        let link = try link(node)
        var reading = CertificateReload?.none
        for attempt in 0..<8 {
            if attempt > 0 { try await Task.sleep(for: .milliseconds(250)) }
            guard let pid = try link.units?.unit(spec.apiServer.unit).mainPID else { return nil }
            reading = try await CertificateReload.of(
                spec.certificatePaths, by: Int(pid), version: version, on: link.node)
            if reading == .byWatch || CertificateReload.neverWatches(version) { break }
        }
        return reading
    }

    /// Sees that each kube-apiserver will notice changed files, where it must notice them by itself.
    /// - Parameter manyChanges: whether a file is to change more than once: of one with a second name, the first change is
    ///   seen and every later one missed.
    /// - Throws: `rotation/not-watched`, `rotation/hard-link`, `rotation/no-file`.
    package func refuseUnwatched(_ nodes: [NodeSpec], manyChanges: Bool) async throws {
        let results = await onEachNode(nodes) { node in
            // One that the layer is not on yet reads none of them.
            guard let own = try connection(node), own.hasRequestHeaderCA else { return }
            switch try await certificateReload(of: node, version(of: own)) {
            case .byTime?, nil: return
            case .missing(let paths)?: throw Self.unwatched("kube-apiserver", paths, spec)
            case .absent(let paths)?:
                throw BootstrapError(
                    "rotation/no-file", "\(list: paths) is missing",
                    hint: "run init, which restores what is missing")
            case .byWatch?: break
            }
            for path in spec.certificatePaths where manyChanges {
                guard let links = try link(node).node.status(path)?.links, links > 1 else { continue }
                throw BootstrapError(
                    "rotation/hard-link",
                    "\(path) has \(links) names (hard links): kube-apiserver would see one change of it, and miss every "
                        + "later one",
                    hint:
                        "find the other one with find $(stat -c %m \(path)) -xdev -samefile \(path), and replace "
                        + "it by a copy: no restart is needed")
            }
        }
        _ = try Self.values(nodes, results)
    }

    package static func unwatched(_ who: String, _ paths: [String], _ spec: ClusterSpec) -> BootstrapError {
        BootstrapError(
            "rotation/not-watched",
            "\(who) does not watch \(list: paths) as it is now: it misses the next change, and may have "
                + "missed the last one",
            hint:
                "the cause may be a backup that is a hard link to an old file: remove it, and the files are read again; else restart it "
                + "\(spec.apiServer.isExternal ? "" : "(systemctl restart \(spec.apiServer.unit)) ")when possible. Then run it again"
        )
    }
}
