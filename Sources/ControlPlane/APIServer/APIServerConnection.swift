// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import PKI
import Planning
import Spec
import SystemdUnits
import TLS
import Values

/// How the kube-apiserver of one node is asked: at its own address, believing nobody else, and as whom.
package struct APIServerConnection: Sendable {
    package let endpoint: APIServerEndpoint
    package let headers: RequestHeaderNames
    /// Whether it takes anybody for an aggregator.
    package let hasRequestHeaderCA: Bool
    private let kubeconfig: String?
    private let certificates: CertificatesSpec
    private let installed: InstalledIdentity
    private let server: any APIServer

    /// - Parameter flags: the command line of the running process.
    /// - Throws: where the certificate that the server is known by cannot be read.
    package init(spec: ClusterSpec, nodeSpec: NodeSpec, flags: EffectiveFlags, link: NodeLink) throws {
        endpoint = APIServerEndpoint(
            address: Self.address(nodeSpec, flags),
            port: flags.string("secure-port").flatMap { Int($0) } ?? 6443, tunnel: link.tunnel)
        server = link.server(endpoint, try Self.trust(spec.apiServer, flags, link.node))
        (certificates, installed) = (spec.certificates, link.installed)
        hasRequestHeaderCA = !(flags.string("requestheader-client-ca-file") ?? "").isEmpty
        let header = spec.requestHeader
        // The running process may know others than the spec says, before a change and after a roll-back.
        func name(_ flag: String, _ wanted: [String]) -> String? {
            flags.list(flag)?.first ?? wanted.first
        }
        headers = RequestHeaderNames(
            user: name("requestheader-username-headers", header.usernameHeaders) ?? "X-Remote-User",
            group: name("requestheader-group-headers", header.groupHeaders) ?? "X-Remote-Group")
        kubeconfig = spec.apiServer.kubeconfig
    }

    /// The pair that lies on the node now, read for those alone who must present it; nil where there is none.
    package var identity: ClientIdentity? { get throws { try installed.current(certificates) } }

    /// Readiness and loaded CAs; what cannot be seen is said in the result.
    func observe() async -> ObservedAPIServer {
        let names = (try? handshake())?.acceptedCAs
        let answer = await ready()
        var observed = ObservedAPIServer(
            endpoint: endpoint.description, readiness: answer.readiness, loadedCAs: names,
            version: version())
        observed.showsWithoutPair = answer.withoutPair
        return observed
    }

    /// The server's version, asked anonymously, then as the aggregator would; nil where it tells neither.
    private func version() -> KubernetesVersion? {
        if let answer = try? server.version(as: .anonymous) { return answer.version }
        guard let identity = try? identity, let user = try? Self.probeUser() else { return nil }
        let caller = Caller.frontProxy(identity, user, headers)
        return (try? server.version(as: caller))?.version
    }

    package func readiness() async -> ObservedAPIServer.Readiness { await ready().readiness }

    /// Asks `/readyz` anonymously, then through kubectl where there is a kubeconfig, then as the aggregator would.
    /// - Returns: what it says; its checks; whether it said so without the pair.
    package func ready() async -> (
        readiness: ObservedAPIServer.Readiness, report: ReadinessReport?, withoutPair: Bool
    ) {
        do {
            let anonymous = try server.readiness(as: .anonymous)
            if let answer = Self.answer(anonymous) { return (answer, anonymous, true) }
            if let kubeconfig {
                let report = await Self.kubectl(kubeconfig, endpoint)
                if let report, let answer = Self.answer(report) { return (answer, report, true) }
            }
            guard let identity = try identity else {
                return (.hidden("/readyz answers \(anonymous.status) to anonymous requests"), nil, false)
            }
            let caller = Caller.frontProxy(identity, try Self.probeUser(), headers)
            let proxied = try server.readiness(as: caller)
            if let answer = Self.answer(proxied) { return (answer, proxied, false) }
            return (
                .hidden(
                    "/readyz answers \(anonymous.status) to anonymous and \(proxied.status) to proxied requests"
                ), nil, false
            )
        } catch {
            return (.unseen("\(error)"), nil, false)
        }
    }

    /// What the server makes of the pair on the node; nil where there is none.
    /// - Throws: where it does not answer.
    package func identityOutcome() throws -> IdentityOutcome? {
        guard let identity = try identity else { return nil }
        return try outcome(of: identity, as: try Self.probeUser())
    }

    /// What the server makes of a proxy client's certificate and key, here with `user` in its header.
    /// - Throws: where it does not answer.
    package func outcome(
        of identity: ClientIdentity, as user: ProbeUser
    ) throws(APIServerError) -> IdentityOutcome {
        try server.identity(identity, user, headers)
    }

    /// Sends any other request; any status is an answer.
    package func send(
        _ request: HTTPRequest, as caller: Caller, timeouts: RequestTimeouts
    ) throws(APIServerError) -> HTTPResponse {
        try server.send(request, as: caller, timeouts: timeouts)
    }

    /// Which CAs the server has loaded, as its TLS handshake names them.
    package func handshake() throws(APIServerError) -> HandshakeReport { try server.handshake() }

    /// A user that nobody grants anything to, new each time.
    package static func probeUser() throws -> ProbeUser {
        guard let user = ProbeUser(suffix: Hex.text(try SerialNumber.random().bytes.prefix(8))) else {
            throw BootstrapError("internal/probe-user", "cannot make a user name for the probe")
        }
        return user
    }

    // MARK: - Parts

    private static func answer(_ report: ReadinessReport) -> ObservedAPIServer.Readiness? {
        switch report.status {
        case 200: .ready
        case 401, 403: nil
        default:
            .notReady(report.failedChecks.isEmpty ? ["HTTP status \(report.status)"] : report.failedChecks)
        }
    }

    private static func address(_ node: NodeSpec, _ flags: EffectiveFlags) -> String {
        if let address = node.address { return address }
        let bound = flags.string("bind-address") ?? ""
        return ["", "0.0.0.0", "::"].contains(bound) ? "127.0.0.1" : bound
    }

    private static func trust(_ spec: APIServerSpec, _ flags: EffectiveFlags, _ node: any NodeTransport)
        throws
        -> ServerTrust
    {
        if let path = spec.serverCAFile {
            guard let pem = try FileReader.read(path) else {
                throw BootstrapError(
                    "apiserver/no-trust",
                    "cannot read \(path), the apiServer.serverCAFile of the spec: no such file",
                    hint:
                        "correct the path, or remove the field: the certificate on the node is then pinned"
                )
            }
            return .ca(pem: pem)
        }
        let directory = flags.string("cert-dir") ?? "/var/run/kubernetes"
        let path = flags.string("tls-cert-file") ?? "\(directory)/apiserver.crt"
        guard let pem = try node.read(path) else {
            throw BootstrapError(
                "apiserver/no-trust", "cannot read \(path), the API server's own certificate: no such file",
                hint: "set apiServer.serverCAFile to a CA bundle")
        }
        return .pinned(certificatePEM: pem)
    }

    /// `kubectl get --raw`, against this very server and not against the kubeconfig's own.
    private static func kubectl(_ kubeconfig: String, _ endpoint: APIServerEndpoint) async -> ReadinessReport?
    {
        let arguments = [
            "--kubeconfig", kubeconfig, "--server", endpoint.description, "get", "--raw", "/readyz?verbose",
        ]
        let result = try? await CommandRunner.run("kubectl", arguments, timeoutSeconds: 15)
        guard let result else { return nil }
        if result.status == 0 { return ReadinessReport(status: 200, text: result.stdout) }
        let text = result.stdout + result.stderr
        return text.contains("[-]") ? ReadinessReport(status: 500, text: text) : nil
    }
}
