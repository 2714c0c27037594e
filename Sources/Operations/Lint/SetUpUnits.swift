// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import Planning
import Spec
import SystemdUnits
import Values

/// Finds the units of a set-up: that of kube-apiserver, whatever its name is, and those of kube-proxy.
struct SetUpUnits {
    let node: any NodeReading
    let isWhole: Bool

    private static let usual = "kube-apiserver.service"
    /// kubelet's `staticPodPath`, as kubeadm and RKE2 have it.
    private static let folders = [
        "/etc/kubernetes/manifests", "/var/lib/rancher/rke2/agent/pod-manifests",
    ]
    private static let systemd = ["/etc/systemd", "/usr/lib/systemd", "/lib/systemd", "/run/systemd"]

    func read(into facts: inout LintFacts) {
        let names = unitNames()
        do {
            facts.unit = try server(names)
        } catch {
            let report = ErrorReport(error)
            facts.unitProblem = (report.code, report.message, report.hint ?? "")
        }
        (facts.staticPods, facts.unit) = staticPods(beside: facts.unit, facts.unitProblem != nil)
        facts.kubeProxies = names.filter { $0.contains("kube-proxy") }.compactMap { name in
            try? unit(name, hasFragment: true)
        }
        guard isWhole else { return }
        facts.hasSystemd = Self.systemd.contains { ((try? node.status($0)) ?? nil) != nil }
        facts.runsKubeProxy = runsKubeProxy(names)
    }

    /// Names of all services that systemd would find.
    private func unitNames() -> [String] {
        let lists = UnitFiles.searchPath.map { (try? node.list($0)) ?? [] }
        return Set(lists.joined().filter { $0.hasSuffix(".service") }).sorted()
    }

    private func server(_ names: [String]) throws -> JudgedUnit? {
        if names.containsBytes(Self.usual) { return try unit(Self.usual, hasFragment: true) }
        let likely = names.filter { $0.contains("apiserver") || $0.contains("hyperkube") }
        // A tree of a whole system has hundreds of units, and kube-apiserver's may have any name.
        let others = isWhole && likely.isEmpty ? names.filter { $0.contains("kube") } : names
        for name in likely + others where !name.contains("@.") {
            guard let unit = try? unit(name, hasFragment: true), unit.runsAPIServer else { continue }
            return unit
        }
        if let name = likely.first { return try unit(name, hasFragment: true) }
        return try withoutFragment()
    }

    /// Drop-ins whose unit is not there: those that run kube-apiserver, or have flags that wait for it.
    private func withoutFragment() throws -> JudgedUnit? {
        let usual = try dropIns(of: Self.usual)
        func isMeant(_ unit: JudgedUnit) -> Bool {
            unit.runsAPIServer || unit.command == nil && !unit.flags.occurrences.isEmpty
        }
        if let usual, isMeant(usual) { return usual }
        let folders = UnitFiles.searchPath.flatMap { (try? node.list($0)) ?? [] }
        let names = Set(folders.filter { $0.hasSuffix(".service.d") }.map { String($0.dropLast(2)) })
        for name in names.sorted() where !isWhole || name.contains("kube") || name.contains("apiserver") {
            guard let unit = try? dropIns(of: name), isMeant(unit) else { continue }
            return unit
        }
        return usual
    }

    private func dropIns(of name: String) throws -> JudgedUnit? {
        try UnitFiles(node: node, unit: name, own: nil).observeDropIns().map {
            JudgedUnit(name: name, unit: $0, isWhole: isWhole, hasFragment: false)
        }
    }

    private func unit(_ name: String, hasFragment: Bool) throws -> JudgedUnit? {
        try UnitFiles(node: node, unit: name, own: nil).observeInTree().map {
            JudgedUnit(name: name, unit: $0, isWhole: isWhole, hasFragment: hasFragment)
        }
    }

    /// A manifest in JSON is judged where no unit is; the others are only told of.
    private func staticPods(
        beside unit: JudgedUnit?, _ hasProblem: Bool
    ) -> (unread: [String], unit: JudgedUnit?) {
        let paths = manifests()
        // Drop-ins of all services say nothing of kube-apiserver.
        let isThere =
            unit.map { $0.hasFragment || $0.command != nil || !$0.flags.occurrences.isEmpty } ?? false
        guard !isThere, !hasProblem else { return (paths, unit) }
        let pods = paths.compactMap(staticPod)
        guard pods.count == 1 else { return (paths, unit) }
        return (paths.filter { $0 != pods[0].path }, JudgedUnit(pod: pods[0], isWhole: isWhole))
    }

    private func staticPod(_ path: String) -> StaticPod? {
        guard let bytes = try? node.read(path, limit: LocatedJSON.Limits().bytes),
            let manifest = try? LocatedJSON.parse(bytes)
        else { return nil }
        return StaticPod(path: path, manifest)
    }

    /// Manifests from which kubelet runs kube-apiserver. It reads every file but those whose names begin with a dot.
    private func manifests() -> [String] {
        func isMeant(_ name: String) -> Bool { name.contains("apiserver") && !name.hasPrefix(".") }
        if let loose = node as? LooseFiles {
            let endings = [".yaml", ".yml", ".json", ".manifest"]
            return loose.others.map { "/\($0)" }.filter { path in
                isMeant(path.splitPath.name) && endings.contains(where: path.hasSuffix)
            }
        }
        return Self.folders.flatMap { folder in
            ((try? node.list(folder)) ?? []).filter(isMeant).map { "\(folder)/\($0)" }
        }
    }

    /// nil where the tree is only a part of a node's, so that kube-proxy may be elsewhere.
    private func runsKubeProxy(_ names: [String]) -> Bool? {
        // kubelet may run it in a pod, and so may what takes its place.
        if names.contains(where: { $0.contains("kube-proxy") || $0.contains("kubelet") }) { return true }
        let isNode = names.contains {
            $0.contains("kube-controller-manager") || $0.contains("kube-scheduler")
        }
        return isNode ? false : nil
    }
}
