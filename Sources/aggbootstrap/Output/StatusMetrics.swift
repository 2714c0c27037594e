// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Values

/// The status of clusters as metrics in Prometheus' text format, for node_exporter's textfile collector.
///
/// The certificates' metrics have the names and labels of x509-certificate-exporter.
struct StatusMetrics {
    private struct Metric {
        let name: String
        let help: String
        var samples: [(labels: [(String, String)], value: String)] = []
    }

    private let fleet: FleetStatus
    /// Every control plane, with its cluster.
    private let all: [(status: ClusterStatus, node: NodeStatus)]

    init(_ fleet: FleetStatus) {
        self.fleet = fleet
        all = fleet.clusters.flatMap { status in status.nodes.map { (status, $0) } }
    }

    var text: String {
        let metrics = certificates + nodes + clusters + specs
        return metrics.filter { !$0.samples.isEmpty }.map { metric in
            let head = "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) gauge\n"
            return head + metric.samples.map { Self.line(metric.name, $0.labels, $0.value) }.joined()
        }.joined()
    }

    private var certificates: [Metric] {
        var begin = Metric(
            name: "x509_cert_not_before",
            help: "When the certificate begins to be valid, in seconds since 1970.")
        var end = Metric(
            name: "x509_cert_not_after", help: "When the certificate ends, in seconds since 1970.")
        var expired = Metric(
            name: "x509_cert_expired", help: "Whether the certificate has ended (1) or not (0).")
        for (status, node) in all {
            for installed in node.certificates {
                let certificate = installed.certificate
                let labels =
                    labels(status, node) + [
                        ("role", installed.role.rawValue), ("filepath", installed.path),
                        ("serial_number", certificate.serial), ("subject_CN", certificate.commonName ?? ""),
                    ]
                begin.samples.append((labels, "\(certificate.notBefore.seconds)"))
                end.samples.append((labels, "\(certificate.notAfter.seconds)"))
                expired.samples.append((labels, certificate.notAfter <= status.now ? "1" : "0"))
            }
        }
        return [begin, end, expired]
    }

    private var nodes: [Metric] {
        func metric(_ name: String, _ help: String, _ value: (NodeStatus) -> String?) -> Metric {
            Metric(
                name: "aggbootstrap_node_\(name)", help: help,
                samples: all.compactMap { status, node in value(node).map { (labels(status, node), $0) } })
        }
        return [
            metric("readable", "Whether the control plane could be read (1) or not (0).") {
                $0.problem == nil ? "1" : "0"
            },
            metric("differences", "How many things of the control plane differ from the spec.") {
                $0.problem == nil ? "\($0.drift.count)" : nil
            },
            metric("ca_loaded", "Whether kube-apiserver has loaded every CA of its file (1) or not (0).") {
                switch $0.loaded {
                case .yes: "1"
                case .missing: "0"
                case .unknown: nil
                }
            },
            metric("ready", "Whether kube-apiserver says that it is ready (1) or not (0).") {
                $0.server.map { $0.readiness == .ready ? "1" : "0" }
            },
            metric("start_time_seconds", "When kube-apiserver's process started, in seconds since 1970.") {
                $0.startedAt.map { "\($0.seconds)" }
            },
        ]
    }

    private var clusters: [Metric] {
        func metric(_ name: String, _ help: String, _ value: (ClusterStatus) -> String?) -> Metric {
            Metric(
                name: "aggbootstrap_\(name)", help: help,
                samples: fleet.clusters.compactMap { status in
                    value(status).map { ([("cluster", status.cluster)], $0) }
                })
        }
        return [
            metric("rotation_open", "Whether the CA is being replaced (1) or not (0).") {
                $0.rotation == nil ? "0" : "1"
            },
            metric("rotation_stage", "The stage of the open rotation of the CA, 0 to 7.") {
                $0.stage.map { String($0.label.dropFirst()) }
            },
            metric(
                "last_success_timestamp_seconds",
                "When the status was last read of every control plane, in seconds since 1970."
            ) { status in
                status.nodes.allSatisfy { $0.problem == nil } ? "\(status.now.seconds)" : nil
            },
        ]
    }

    private var specs: [Metric] {
        guard fleet.isFleet else { return [] }
        let good = fleet.clusters.compactMap { $0.spec.map { (path: $0, value: "1") } }
        let bad = fleet.failures.map { (path: $0.spec, value: "0") }
        return [
            Metric(
                name: "aggbootstrap_spec_readable",
                help: "Whether the cluster of the spec could be read (1) or not (0).",
                samples: (good + bad).map { ([("spec", $0.path)], $0.value) })
        ]
    }

    private func labels(_ status: ClusterStatus, _ node: NodeStatus) -> [(String, String)] {
        [("cluster", status.cluster), ("node", node.name)]
    }

    private static func line(_ name: String, _ labels: [(String, String)], _ value: String) -> String {
        let text = labels.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",")
        return "\(name){\(text)} \(value)\n"
    }

    private static func escaped(_ text: String) -> String {
        SafeText.replacing(text, ["\\": "\\\\", "\"": "\\\"", "\n": "\\n"])
    }
}
