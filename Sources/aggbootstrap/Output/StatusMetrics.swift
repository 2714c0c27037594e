// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Values

/// A cluster's status as metrics in Prometheus' text format, for node_exporter's textfile collector.
///
/// The certificates' metrics have the names and labels of x509-certificate-exporter.
struct StatusMetrics {
    private struct Metric {
        let name: String
        let help: String
        var samples: [(labels: [(String, String)], value: String)] = []
    }

    private let status: ClusterStatus

    init(_ status: ClusterStatus) { self.status = status }

    var text: String {
        let metrics = certificates + nodes + cluster
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
        for node in status.nodes {
            for installed in node.certificates {
                let certificate = installed.certificate
                let labels =
                    labels(node) + [
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
                samples: status.nodes.compactMap { node in value(node).map { (labels(node), $0) } })
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

    private var cluster: [Metric] {
        let labels = [("cluster", status.cluster)]
        return [
            Metric(
                name: "aggbootstrap_rotation_open", help: "Whether the CA is being replaced (1) or not (0).",
                samples: [(labels, status.rotation == nil ? "0" : "1")]),
            Metric(
                name: "aggbootstrap_last_success_timestamp_seconds",
                help: "When the status was last read of every control plane, in seconds since 1970.",
                samples: status.nodes.allSatisfy { $0.problem == nil }
                    ? [(labels, "\(status.now.seconds)")] : []),
        ]
    }

    private func labels(_ node: NodeStatus) -> [(String, String)] {
        [("cluster", status.cluster), ("node", node.name)]
    }

    private static func line(_ name: String, _ labels: [(String, String)], _ value: String) -> String {
        let text = labels.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",")
        return "\(name){\(text)} \(value)\n"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
