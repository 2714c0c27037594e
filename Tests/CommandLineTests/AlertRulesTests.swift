// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Prometheus' own checker takes the alert rules of examples/, and they fire for what they name and for nothing else.
@Suite(.enabled(if: promtool != nil, "promtool is missing: scripts/need.sh test unpacks it"))
struct AlertRulesTests {
    private static let file = "\(Pages.checkout)/examples/prometheus-alerts.yml"

    /// Series after eight days, and what fires then.
    private struct Case: CustomTestStringConvertible {
        let alert: String
        let series: String
        let values: String
        let isFiring: Bool
        var testDescription: String { "\(alert) \(values) \(isFiring)" }
    }

    private static let node = "{cluster=\"c\",node=\"cp1\"}"
    private static let day = 86_400
    private static func ends(_ role: String, in days: Int) -> (String, String) {
        ("x509_cert_not_after{cluster=\"c\",node=\"cp1\",role=\"\(role)\"}", "\((8 + days) * day)x200")
    }

    private static let cases: [Case] = {
        func of(_ alert: String, _ name: String, bad: String, good: String) -> [Case] {
            [true, false].map {
                Case(alert: alert, series: name, values: ($0 ? bad : good) + "x200", isFiring: $0)
            }
        }
        let old = "0"
        let expired = "x509_cert_expired{cluster=\"c\",node=\"cp1\",role=\"ca\"}"
        return of("AggregationCertificateExpired", expired, bad: "1", good: "0")
            + of(
                "AggregationControlPlaneUnreadable", "aggbootstrap_node_readable\(node)", bad: "0", good: "1")
            + of(
                "AggregationControlPlaneDiffers", "aggbootstrap_node_differences\(node)", bad: "2", good: "0")
            + of("AggregationCANotLoaded", "aggbootstrap_node_ca_loaded\(node)", bad: "0", good: "1")
            + of("AggregationAPIServerNotReady", "aggbootstrap_node_ready\(node)", bad: "0", good: "1")
            + of("AggregationRotationOpen", "aggbootstrap_rotation_open{cluster=\"c\"}", bad: "1", good: "0")
            + of(
                "AggregationStatusOld", "aggbootstrap_last_success_timestamp_seconds{cluster=\"c\"}",
                bad: old,
                good: "\(8 * day)")
            + of("AggregationSpecUnreadable", "aggbootstrap_spec_readable{spec=\"s\"}", bad: "0", good: "1")
            + of("AggregationStatusMissing", "aggbootstrap_rotation_open{cluster=\"c\"}", bad: "_", good: "0")
            + of(
                "AggregationAPIServerRunsForLong", "aggbootstrap_node_start_time_seconds\(node)",
                bad: "\(-330 * day)", good: "\(-300 * day)")
            + [("proxyClient", "AggregationProxyClientEndsSoon", 30), ("ca", "AggregationCAEndsSoon", 180)]
            .flatMap {
                role, alert, days in
                [-1, 1].map { offset in
                    let (series, values) = ends(role, in: days + offset)
                    return Case(alert: alert, series: series, values: values, isFiring: offset < 0)
                }
            }
    }()

    @Test func theRulesAreRules() throws {
        let result = try run(try #require(promtool), ["check", "rules", Self.file])
        #expect(result.status == 0, "\(result.stdout)\(result.stderr)")
    }

    @Test(arguments: cases) private func itFiresWhenItShould(_ test: Case) throws {
        let directory = try TemporaryDirectory()
        let rest = test.series.split(separator: "{", maxSplits: 1).last.map { "{\($0)" } ?? ""
        // What a certificate's end is compared with.
        let expired =
            test.series.hasPrefix("x509_cert_not_after")
            ? "      - { series: 'x509_cert_expired\(rest)', values: '0x200' }\n" : ""
        let steps = """
            rule_files: ["\(Self.file)"]
            evaluation_interval: 1h
            tests:
              - interval: 1h
                input_series:
                  - { series: '\(test.series)', values: '\(test.values)' }
            \(expired)    promql_expr_test:
                  - expr: 'count(ALERTS{alertname="\(test.alert)",alertstate="firing"}) or vector(0)'
                    eval_time: 8d
                    exp_samples: [{ labels: '{}', value: \(test.isFiring ? 1 : 0) }]
            """
        try directory.write(steps + "\n", to: "test.yml")
        let result = try run(
            try #require(promtool), ["test", "rules", "test.yml"], currentDirectory: directory.path)
        #expect(result.status == 0, "\(result.stdout)\(result.stderr)\n\(steps)")
    }

    /// The rules and the page name metrics that the program writes, and every alert is tested.
    @Test func everyMetricIsTheProgramsOwn() throws {
        let text = try String(contentsOfFile: Self.file, encoding: .utf8)
        let page = try #require(try Pages.all()["docs/reference/metrics.md"])
        let used = Set(text.matches(of: /\b(?:aggbootstrap|x509_cert)_[a-z_]+/).map { String($0.0) })
        #expect(used.count >= 10)
        for name in used { #expect(page.contains("`\(name)`"), "\(name)") }
        let source = try String(
            contentsOfFile: "\(Pages.checkout)/Sources/aggbootstrap/Output/StatusMetrics.swift",
            encoding: .utf8)
        for name in used {
            let own = name.replacing("aggbootstrap_node_", with: "").replacing("aggbootstrap_", with: "")
            #expect(source.contains("\"\(own)\"") || source.contains("\"\(name)\""), "\(name)")
        }
        let alerts = Set(text.matches(of: /- alert: (\w+)/).map { String($0.1) })
        #expect(alerts == Set(Self.cases.map(\.alert)))
    }
}
