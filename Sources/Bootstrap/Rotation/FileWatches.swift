// SPDX-License-Identifier: Apache-2.0

import APIServerAccess
import ClusterPlan
import NodeAccess
import SystemdBus

/// How a running kube-apiserver gets to know that its certificate files have changed.
enum FileReading: Sendable, Equatable {
    /// It reads them each minute, and shows nothing of it: one before 1.23, or a later one that could set no watch (the
    /// kernel's fs.inotify.max_user_instances), which tries again each minute and reads them then.
    case byTime
    /// It watches the files that are there now.
    case byWatch
    /// It does not watch these files as they are now, so it misses the next change of them.
    case missing([String])

    /// - Parameter version: of the kube-apiserver; nil where it is not known.
    static func of(
        _ paths: [String], by pid: Int, version: KubernetesVersion?, on node: any NodeTransport
    ) throws -> FileReading {
        guard let version, version >= KubernetesVersion(major: 1, minor: 23) else { return .byTime }
        let directory = "/proc/\(pid)/fdinfo"
        let texts = try node.list(directory).compactMap { name in
            (try? node.read("\(directory)/\(name)")).flatMap { $0 }.map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        let watches = InotifyWatches(fdinfo: texts)
        if watches.isEmpty { return .byTime }
        let missing = try paths.filter { path in
            guard let status = try node.status(path) else { return true }
            switch watches.coverage(of: [.init(inode: status.inode, device: status.device)]) {
            case .watched, .watchedByInodeOnly: return false
            case .missing: return true
            }
        }
        return missing.isEmpty ? .byWatch : .missing(missing)
    }
}

extension ClusterSpec {
    /// The requestheader CA's file, the proxy client's certificate and its key.
    var certificatePaths: [String] {
        [certificates.files.ca, certificates.files.certificate, certificates.files.key]
            .map { "\(certificates.directory)/\($0)" }
    }
}

extension Run {
    /// The version of a running kube-apiserver; nil where neither it nor the spec says.
    func version(of own: APIServerConnection) async -> KubernetesVersion? {
        await own.observe().version ?? spec.kubernetesVersion
    }

    /// - Returns: nil where its kube-apiserver does not run.
    func fileReading(of node: NodeSpec, _ version: KubernetesVersion?) throws -> FileReading? {
        let link = try link(node)
        guard let pid = try link.units?.unit(spec.apiServer.unit).mainPID else { return nil }
        return try FileReading.of(spec.certificatePaths, by: Int(pid), version: version, on: link.node)
    }

    /// Sees that each kube-apiserver will notice changed files, where it has to notice them by itself.
    /// - Throws: `rotation/not-watched`, `rotation/hard-link`.
    func refuseUnwatched(_ nodes: [NodeSpec]) async throws {
        let results = await onEachNode(nodes) { node in
            // One that the layer is not on yet reads none of them.
            guard let own = try connection(node), own.hasRequestHeaderCA else { return }
            let version = await version(of: own)
            var reading = try fileReading(of: node, version)
            // A file that has just been replaced is watched anew within moments.
            for _ in 0..<8 {
                guard case .missing? = reading else { break }
                try await Task.sleep(for: .milliseconds(250))
                reading = try fileReading(of: node, version)
            }
            if case .missing(let paths)? = reading {
                throw Self.unwatched("\(node.name): kube-apiserver", paths, spec)
            }
            guard reading == .byWatch else { return }
            for path in spec.certificatePaths {
                guard let status = try link(node).node.status(path), status.links > 1 else { continue }
                throw BootstrapError(
                    "rotation/hard-link",
                    "\(node.name): \(path) has \(status.links) names (hard links): kube-apiserver would see one change of it, "
                        + "and miss every later one",
                    hint:
                        "find the other one with find / -xdev -samefile \(path), and put a copy in its place: nothing has to "
                        + "be restarted then")
            }
        }
        try RotationGates.join(results)
    }

    static func unwatched(_ who: String, _ paths: [String], _ spec: ClusterSpec) -> BootstrapError {
        BootstrapError(
            "rotation/not-watched",
            "\(who) does not watch \(paths.joined(separator: ", ")) as it is now: it misses the next change, and may have "
                + "missed the last one",
            hint:
                "a backup that is a hard link to an old file does that: remove it, and the files are read anew; else restart it "
                + "(systemctl restart \(spec.apiServer.unit)) when it can be spared. Then run this again"
        )
    }
}
