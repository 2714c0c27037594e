// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Spec
import SystemdBus
import TLS
import Values

/// How a running kube-apiserver gets to know that its certificate files have changed.
package enum FileReading: Sendable, Equatable {
    /// It reads them each minute, and shows nothing of it: one before 1.23, or a later one that could set no watch on them
    /// (the kernel's fs.inotify.max_user_instances), which tries again each minute and reads them then.
    case byTime
    /// It watches the files that are there now.
    case byWatch
    /// It watches other files in the place of these, so it misses the next change of them.
    case missing([String])
    /// These files are not there.
    case absent([String])

    /// - Parameter version: of the kube-apiserver; where it is nil, what is watched tells.
    /// - Returns: nil where there is no such process any more.
    package static func of(
        _ paths: [String], by pid: Int, version: KubernetesVersion?, on node: any NodeTransport
    ) async throws -> FileReading? {
        if neverWatches(version) { return .byTime }
        let found = try await node.run("grep", ["-hrs", "^inotify ", "/proc/\(pid)/fdinfo"])
        guard let name = try node.read("/proc/\(pid)/comm"),
            let arguments = try ProcessArguments.read(pid: pid, on: node)
        else { return nil }
        let watches = InotifyWatches(fdinfo: [found.stdout])
        if watches.isEmpty {
            // A descriptor that was closed meanwhile is an error of grep's, and no reason to know nothing.
            guard try found.status <= 1 || !node.list("/proc/\(pid)/fdinfo").isEmpty else {
                throw BootstrapError(
                    "rotation/watches-unread",
                    "what process \(pid) watches cannot be read from /proc/\(pid)/fdinfo")
            }
            // Another program that was given its arguments, to run it elsewhere, says nothing of it.
            let names = ["kube-apiserver", "hyperkube"]
            let isItself = names.contains { name.starts(with: $0.utf8) }
            return version == nil || isItself ? .byTime : .missing(paths)
        }
        let files = try paths.map { (path: $0, file: try Self.file($0, on: node)) }
        let absent = files.filter { $0.file == nil }.map(\.path)
        guard absent.isEmpty else { return .absent(absent) }
        let missing = files.filter { !watches.covers($0.file) }.map(\.path)
        if missing.isEmpty { return .byWatch }
        // A watch that could not be set leaves none behind, and is tried again each minute.
        let own = try Self.paths(in: arguments).compactMap { try Self.file($0.text, on: node) }
        return watches.hasOthers(than: own) ? .missing(missing) : .byTime
    }

    static func neverWatches(_ version: KubernetesVersion?) -> Bool {
        version.map { $0 < KubernetesVersion(major: 1, minor: 23) } ?? false
    }

    private static func file(_ path: String, on node: any NodeTransport) throws -> InotifyWatches.File? {
        try node.status(path).map { InotifyWatches.File(inode: $0.inode, device: $0.device) }
    }

    /// The paths that a command line names, as values of flags too.
    private static func paths(in arguments: [String]) -> Set<ByteText> {
        let values = arguments.dropFirst().flatMap { argument in
            argument.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1).last?
                .split(separator: UInt8(ascii: ",")) ?? []
        }
        return Set(values.map { String(Substring($0)).bytes }.filter(\.text.isAbsolutePath))
    }
}

extension InotifyWatches {
    fileprivate func covers(_ file: File?) -> Bool {
        guard let file else { return false }
        switch coverage(of: [file]) {
        case .watched, .watchedByInodeOnly: return true
        case .missing: return false
        }
    }
}

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

    /// How the kube-apiserver of a node reads the files of the spec. One that has just been replaced is watched anew within
    /// moments, so up to two seconds are given to that.
    /// - Returns: nil where it does not run.
    package func fileReading(of node: NodeSpec, _ version: KubernetesVersion?) async throws -> FileReading? {
        let link = try link(node)
        var reading = FileReading?.none
        for attempt in 0..<8 {
            if attempt > 0 { try await Task.sleep(for: .milliseconds(250)) }
            guard let pid = try link.units?.unit(spec.apiServer.unit).mainPID else { return nil }
            reading = try await FileReading.of(
                spec.certificatePaths, by: Int(pid), version: version, on: link.node)
            if reading == .byWatch || FileReading.neverWatches(version) { break }
        }
        return reading
    }

    /// Sees that each kube-apiserver will notice changed files, where it has to notice them by itself.
    /// - Parameter manyChanges: whether a file is to change more than once: of one with a second name, the first change is
    ///   seen and every later one missed.
    /// - Throws: `rotation/not-watched`, `rotation/hard-link`, `rotation/no-file`.
    package func refuseUnwatched(_ nodes: [NodeSpec], manyChanges: Bool) async throws {
        let results = await onEachNode(nodes) { node in
            // One that the layer is not on yet reads none of them.
            guard let own = try connection(node), own.hasRequestHeaderCA else { return }
            switch try await fileReading(of: node, version(of: own)) {
            case .byTime?, nil: return
            case .missing(let paths)?: throw Self.unwatched("kube-apiserver", paths, spec)
            case .absent(let paths)?:
                throw BootstrapError(
                    "rotation/no-file", "\(paths.joined(separator: ", ")) is missing",
                    hint: "run init, which puts back what is missing")
            case .byWatch?: break
            }
            for path in spec.certificatePaths where manyChanges {
                guard let links = try link(node).node.status(path)?.links, links > 1 else { continue }
                throw BootstrapError(
                    "rotation/hard-link",
                    "\(path) has \(links) names (hard links): kube-apiserver would see one change of it, and miss every "
                        + "later one",
                    hint:
                        "find the other one with find $(stat -c %m \(path)) -xdev -samefile \(path), and put a copy in the "
                        + "place of that one: nothing has to be restarted then")
            }
        }
        _ = try Self.values(nodes, results)
    }

    package static func unwatched(_ who: String, _ paths: [String], _ spec: ClusterSpec) -> BootstrapError {
        BootstrapError(
            "rotation/not-watched",
            "\(who) does not watch \(paths.joined(separator: ", ")) as it is now: it misses the next change, and may have "
                + "missed the last one",
            hint:
                "a backup that is a hard link to an old file does that: remove it, and the files are read anew; else restart it "
                + "(systemctl restart \(spec.apiServer.unit)) when it can be spared. Then run this again")
    }
}
