// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Secrets
import SystemdUnits
import Values

/// Files that were given one by one, or lie in one directory, as if they lay on a node: units where systemd looks for them,
/// every other file under whatever path is asked for with its name.
struct LooseFiles: NodeReading {
    private static let directory = "/etc/systemd/system"

    /// Files of this machine by the path on the node that they stand for.
    private var units: [ByteText: String] = [:]
    /// All others.
    let others: [String]

    init(_ paths: [String]) {
        var (others, dropIns): ([String], [String]) = ([], [])
        for path in paths {
            let name = path.splitPath.name
            if name.hasSuffix(".service") {
                units["\(Self.directory)/\(name)".bytes] = path
            } else if name.hasSuffix(".conf"), Self.isUnit(path) {
                dropIns.append(path)
            } else {
                others.append(path)
            }
        }
        self.others = others
        let names = Self.servers(units)
        for path in dropIns {
            let folder = path.splitPath.directory.splitPath.name
            let unit = folder.hasSuffix(".service.d") ? String(folder.dropLast(2)) : names.first
            let place = "\(Self.directory)/\(unit ?? Self.usual).d/\(path.splitPath.name)"
            units[place.bytes] = path
        }
    }

    private static let usual = "kube-apiserver.service"

    /// Names of the units that were given.
    var unitNames: [String] {
        units.keys.map(\.text).filter { $0.hasSuffix(".service") }.map(\.splitPath.name).sorted()
    }

    var hasUnits: Bool { !units.isEmpty }

    /// The unit that drop-ins without a folder of their own belong to.
    private static func servers(_ units: [ByteText: String]) -> [String] {
        let names = units.keys.map(\.text.splitPath.name).sorted()
        if names.contains(usual) { return [usual] }
        return names.filter { $0.contains("apiserver") } + (names.count == 1 ? names : [])
    }

    private static func isUnit(_ path: String) -> Bool {
        guard let bytes = try? FileReader.read(path, limit: 1 << 20) else { return false }
        return bytes.split { $0 == 0x0A || $0 == 0x0D }.contains { $0.starts(with: "[Service]".utf8) }
    }

    /// The file that stands for a node's path; nil where none does.
    private func place(_ path: String) -> String? {
        if let unit = units[path.bytes] { return unit }
        let name = path.splitPath.name
        let found = others.filter { $0.splitPath.name.bytes == name.bytes }
        // Of several with one name the one in a directory of the same name is meant.
        let folder = path.splitPath.directory.splitPath.name
        return found.first { $0.splitPath.directory.splitPath.name.bytes == folder.bytes } ?? found.first
    }

    func display(_ path: String) -> String { place(path) ?? path }

    func status(_ path: String) throws(NodeError) -> FileStatus? {
        guard let place = place(path) else { return nil }
        // What a link leads to is what was given.
        guard let status = try FileStatus.of(place), status.kind == .symbolicLink else {
            return try FileStatus.of(place)
        }
        return FileStatus(
            rawMode: 0o100644, userID: status.userID, groupID: status.groupID, size: status.size,
            inode: status.inode, device: status.device, links: 1)
    }

    func follow(_ path: String) throws(NodeError) -> String { path }

    func read(_ path: String, limit: Int) throws(NodeError) -> [UInt8]? {
        guard let place = place(path) else { return nil }
        return try FileReader.read(place, limit: limit)
    }

    func readSecret(_ path: String, limit: Int) throws(NodeError) -> SecretBytes? {
        guard let place = place(path) else { return nil }
        return try FileReader.readSecret(place, limit: limit)
    }

    func list(_ path: String) throws(NodeError) -> [String] {
        let prefix = Array("\(path)/".utf8)
        let names = units.keys.map(\.text).filter { $0.utf8.starts(with: prefix) }.compactMap {
            String(decoding: $0.utf8.dropFirst(prefix.count), as: UTF8.self).pathComponents.first
        }
        return Set(names.bytes).sorted().map(\.text)
    }

    func lists(_ paths: [String]) throws(NodeError) -> [[String]] {
        var lists: [[String]] = []
        for path in paths { lists.append(try list(path)) }
        return lists
    }
}
