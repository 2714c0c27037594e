// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import Planning
import SystemdUnits
import Values

/// Finds the units of a set-up: that of kube-apiserver, whatever its name is, and those of kube-proxy.
struct SetUpUnits {
    let node: any NodeReading
    let isWhole: Bool

    private static let usual = "kube-apiserver.service"

    func read(into facts: inout LintFacts) {
        let names = unitNames()
        do {
            facts.unit = try server(names)
        } catch {
            let report = ErrorReport(error)
            facts.unitProblem = (report.code, report.message, report.hint ?? "")
        }
        facts.kubeProxies = names.filter { $0.contains("kube-proxy") }.compactMap { name in
            try? unit(name, hasFragment: true)
        }
        guard isWhole else { return }
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
        return try UnitFiles(node: node, unit: Self.usual, own: nil).observeDropIns().map {
            JudgedUnit(name: Self.usual, unit: $0, isWhole: isWhole, hasFragment: false)
        }
    }

    private func unit(_ name: String, hasFragment: Bool) throws -> JudgedUnit? {
        try UnitFiles(node: node, unit: name, own: nil).observeInTree().map {
            JudgedUnit(name: name, unit: $0, isWhole: isWhole, hasFragment: hasFragment)
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
