// SPDX-License-Identifier: Apache-2.0

@testable import Spec
@testable import SystemdUnits
@testable import Values

/// What several tests of units share.
enum UnitFixtures {
    static let unit = "kube-apiserver.service"
    static let path = "/etc/systemd/system/kube-apiserver.service"
    static let digest = String(repeating: "0123456789abcdef", count: 4)

    static func spec(
        routing: Bool = true, allowedNames: [String] = ["aggregator"],
        directory: String = "/etc/kubernetes/ssl"
    ) -> ClusterSpec {
        let validity = ValidityPeriod(seconds: 86400)
        return ClusterSpec(
            cluster: "demo", kubernetesVersion: nil, stateDirectory: nil,
            certificates: CertificatesSpec(
                directory: directory, files: CertificateFileNames(),
                ca: CASpec(
                    commonName: "aggregator-ca", names: SubjectNames(), key: .ecdsa(bits: 256),
                    validity: validity),
                proxyClient: ProxyClientSpec(
                    commonName: "aggregator", names: SubjectNames(), hosts: [], usages: [.clientAuth],
                    key: .ecdsa(bits: 256), validity: validity, perNode: true)),
            requestHeader: RequestHeaderSpec(allowedNames: allowedNames),
            apiServer: APIServerSpec(aggregatorRouting: routing), nodes: [])
    }

    static let flags = APIServerFlags(spec: spec())

    /// How `flags` stand at the end of a merged command whose continuations are indented by `indent`.
    static func rendered(indent: String = "  ", lead: String = " \\\n") -> String {
        lead + indent + flags.arguments.joined(separator: " \\\n\(indent)") + "\n"
    }

    static func merge(
        _ base: [UnitText], environmentFiles: [String: String] = [:], flags: APIServerFlags = flags
    ) throws(UnitError) -> RenderedUnit {
        try RenderedUnit.dropIn(
            unit: unit, base: base, baseDigests: base.map { _ in digest }, environmentFiles: environmentFiles,
            flags: flags)
    }

    static func fragment(_ text: String) -> UnitText { UnitText(path: path, text: text) }

    static func dropIn(_ name: String, _ text: String) -> UnitText {
        UnitText(path: "/etc/systemd/system/\(unit).d/\(name)", text: text)
    }
}
