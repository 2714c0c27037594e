// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Spec
import SystemdBus
import TLS
import Values

/// How a running kube-apiserver gets to know that its certificate files have changed.
package enum CertificateReload: Sendable, Equatable {
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
    ) async throws -> CertificateReload? {
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
