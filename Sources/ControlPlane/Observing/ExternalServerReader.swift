// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Spec
import Values

/// What there is to know of a kube-apiserver that something else than systemd runs: who keeps its flags, and whether it
/// sees the spec's files as the node has them.
struct ExternalServerReader {
    let spec: ClusterSpec
    let node: any NodeTransport

    /// - Parameter found: nil where it does not run.
    func observe(_ found: ExternalAPIServer.Found?) throws -> ObservedUnit {
        var unit = ObservedUnit(base: [], baseDigests: [], environmentFiles: [:], live: nil)
        unit.external = ExternalServer(
            manager: try Self.manager(found, on: node),
            hiddenFiles: try found.map { try hiddenFiles(of: $0.pid) } ?? [])
        return unit
    }

    // MARK: - Who keeps its flags

    private static let manifests = ["yaml", "yml", "json"]
        .map { "/etc/kubernetes/manifests/kube-apiserver.\($0)" }

    static func manager(
        _ found: ExternalAPIServer.Found?, on node: any NodeTransport
    ) throws -> ExternalServer.Manager {
        if let path = found?.argumentsFile { return .microK8s(argumentsFile: path) }
        if try node.status("/var/lib/rancher/rke2/agent/pod-manifests/kube-apiserver.yaml") != nil {
            return .rke2
        }
        for path in manifests where try node.status(path) != nil { return .staticPod(manifest: path) }
        return .unknown
    }

    // MARK: - What it sees

    /// A container has a file system of its own, and sees of the node what is mounted into it.
    private func hiddenFiles(of pid: Int) throws -> [ExternalServer.HiddenFile] {
        let mounts = try mountPoints(of: pid)
        return try spec.certificatePaths.compactMap { path in
            // A rename does not reach a mount of the file itself.
            if mounts.containsBytes(path) { return .init(path: path, reason: .mountedAlone) }
            return try reason(path, inside: "/proc/\(pid)/root").map { .init(path: path, reason: $0) }
        }
    }

    /// - Parameter root: the process's root directory, as this node reaches it.
    private func reason(_ path: String, inside root: String) throws -> ExternalServer.HiddenFile.Reason? {
        let (own, seen) = (try node.status(path), try node.status(root + path))
        switch (own, seen) {
        case (let own?, let seen?): return Self.isSame(own, seen) ? nil : .otherFile
        case (_?, nil): return .notMounted
        case (nil, _?): return .otherFile
        case (nil, nil): break
        }
        // A new file is seen if the process sees the directory that gets it.
        var directory = path.splitPath.directory
        while directory != "/" {
            let seen = try node.status(root + directory)
            if let own = try node.status(directory) {
                return seen.map { Self.isSame(own, $0) } == true ? nil : .notMounted
            }
            if seen != nil { return .otherFile }
            directory = directory.splitPath.directory
        }
        let (top, rootOfProcess) = (try node.status("/"), try node.status(root + "/"))
        return top.flatMap { top in rootOfProcess.map { Self.isSame(top, $0) } } == true ? nil : .notMounted
    }

    private static func isSame(_ a: FileStatus, _ b: FileStatus) -> Bool {
        a.inode == b.inode && a.device == b.device
    }

    /// Where something is mounted in the process's file system (proc_pid_mountinfo(5)); empty where that is not told.
    private func mountPoints(of pid: Int) throws -> [String] {
        let bytes: [UInt8]?
        do { bytes = try node.read("/proc/\(pid)/mountinfo", limit: 16 << 20) } catch {
            guard try node.status("/proc/\(pid)") == nil else { throw error }
            bytes = nil
        }
        return (bytes ?? []).split(separator: 0x0a).compactMap { line in
            let fields = line.split(separator: 0x20, maxSplits: 5)
            return fields.count > 4 ? Self.unescaped(fields[4]) : nil
        }
    }

    /// Blanks, tabs, line feeds and backslashes are written in octal.
    private static func unescaped(_ field: some Sequence<UInt8>) -> String {
        var (bytes, rest) = ([UInt8](), Array(field)[...])
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
