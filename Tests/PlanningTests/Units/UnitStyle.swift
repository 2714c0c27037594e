// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Planning
@testable import Spec
@testable import SystemdUnits

/// A way in which people write the unit of a kube-apiserver, with the files that belong to it, from Tests/Styles.
struct UnitStyle: Sendable, CustomTestStringConvertible {
    let name: String
    /// What it is, in a few words.
    let title: String
    /// Members of the spec's apiServer.
    let apiServer: String
    /// The fragment, then drop-ins.
    let sources: [UnitText]
    let environmentFiles: [String: String]

    var testDescription: String { name }

    /// What is known of it.
    enum Knowledge: CaseIterable {
        /// Offline, with --base-unit and nothing else.
        case unitAlone
        /// Offline, with its drop-ins and environment files.
        case withItsFiles
        case live
    }

    static let all: [UnitStyle] = {
        let directory = #filePath.components(separatedBy: "/PlanningTests/")[0] + "/Styles"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.sorted().filter { $0.hasSuffix(".style") }.compactMap { name in
            (try? String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)).map {
                UnitStyle(name: name.replacing(".style", with: ""), text: $0)
            }
        }
    }()

    private init(name: String, text: String) {
        self.name = name
        let parts = ("\n" + text).components(separatedBy: "\n==> ")
        func header(_ key: String) -> String {
            let line = parts[0].components(separatedBy: "\n").first { $0.hasPrefix("# \(key): ") }
            return String(line?.dropFirst(key.count + 4) ?? "")
        }
        (title, apiServer) = (header("style"), header("apiServer"))
        var sources: [UnitText] = []
        var files: [String: String] = [:]
        for part in parts.dropFirst() {
            let lines = part.components(separatedBy: "\n")
            let content = lines.dropFirst().joined(separator: "\n")
            if lines[0].hasPrefix("/") {
                files[lines[0]] = content
            } else {
                sources.append(UnitText(path: "/etc/systemd/system/\(lines[0])", text: content))
            }
        }
        (self.sources, environmentFiles) = (sources, files)
    }

    /// The cluster of one node that has this unit.
    func world(_ knowledge: Knowledge) throws -> PlanWorld {
        let members = apiServer.isEmpty ? "" : "\"apiServer\": { \(apiServer) },"
        var world = try PlanWorld(
            knowledge == .live ? .live : .offline, unit: .base(PlanWorld.baseUnit, running: false),
            members: members)
        world.setBase(knowledge == .unitAlone ? Array(sources.prefix(1)) : sources)
        world.node.unit?.environmentFiles = knowledge == .unitAlone ? [:] : environmentFiles
        let target = FlagsTarget.resolve(
            world.spec, unit: world.node.unit, access: world.node.access)
        let path = target?.path ?? ""
        world.node.flags = ObservedFile(path: path)
        if let text = world.node.unit?.environmentFiles[path] {
            world.node.flags = ObservedFile(
                path: path, kind: .regular, mode: 0o640, content: Array(text.utf8))
        }
        if knowledge == .live { try? world.start() }
        if knowledge == .live, let command = try? Self.command(world, []) {
            world.node.unit?.live?.runningArguments = command
        }
        return world
    }

    /// What the API server gets, once `changes` are made.
    static func command(_ world: PlanWorld, _ changes: [FileChange]) throws -> [String] {
        let unit = world.spec.apiServer.unit
        let sources = try UnitSources.after(changes, on: world.node, unit: unit)
        let service = try EffectiveService(
            unit: unit, sources: sources,
            environmentFiles: UnitSources.environmentFiles(changes, on: world.node))
        return service.arguments(of: try service.command(unit: unit))
    }
}
