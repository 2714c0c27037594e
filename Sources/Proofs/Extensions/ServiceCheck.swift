// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Spec
import TLS
import Values

/// Whether extension APIs answer through each control plane: the same question at its own address, before its certificate
/// and key change and after.
///
/// The condition `Available` of an APIService is one for all API servers and turns late, so it does not tell.
package final class ServiceCheck: Sendable {
    /// An API that is asked for.
    struct Service: Sendable, Hashable {
        /// Of the APIService.
        let name: String
        /// `/apis/GROUP/VERSION`
        let path: String
    }

    /// As whom a control plane has answered.
    enum Way: Sendable {
        /// A user that nobody grants anything to, by the certificate on the node.
        case proxied
        /// The kubeconfig's administrator.
        case administrator
    }

    /// One API that does not answer.
    struct Refusal: Sendable {
        let service: Service
        let why: Message
        /// Whether it was answered with 401 or 403, which no waiting will change.
        let isDenied: Bool
    }

    private let controlPlanes: ControlPlanes
    private let kubectl: Kubectl?
    /// What answered before the first change: of each control plane, by its name, the services and how.
    private let before: [String: [Service: Way]]

    /// How many services of one control plane are asked for at once.
    private static let atOnce = 4
    private static let timeouts = RequestTimeouts(connect: .seconds(3), total: .seconds(6))
    /// How long a service is given to answer again, where it was not denied; seconds.
    private static let graceSeconds = 6
    private static let deniedSeconds = 2

    /// Asks every control plane for every API that an extension server serves, and says which do not answer.
    ///
    /// Who they are kubectl tells; without it, every API that a control plane lists is asked for.
    /// - Parameter accepted: `NAMESPACE/NAME` of Services that may be lost.
    package static func begin(
        _ controlPlanes: ControlPlanes, _ kubectl: Kubectl?, passing accepted: Set<String>
    )
        async -> ServiceCheck
    {
        var services: [Service]?
        if let kubectl {
            do {
                services = try await ExtensionServers(controlPlanes: controlPlanes, kubectl: kubectl)
                    .backends()
                    .filter { !accepted.contains($0.service) }.map { Service(name: $0.name, path: $0.path) }
            } catch {
                controlPlanes.effects.progress(
                    .line(.extensionAPIs(.notListed(because: ErrorReport(error).message))))
            }
        }
        let empty = ServiceCheck(controlPlanes: controlPlanes, kubectl: kubectl, before: [:])
        let known = services
        let results = await onEachNode(controlPlanes.nodes) { node in
            let connection = try controlPlanes.connection(node)
            let asked = try known ?? connection.map { try Self.listed(by: $0) } ?? []
            return try await empty.ask(node, connection, asked.map { ($0, nil) })
        }
        var before: [String: [Service: Way]] = [:]
        for (node, result) in zip(controlPlanes.nodes, results) {
            switch result {
            case .success(let answers):
                before[node.name] = answers.ways
                for refusal in answers.refusals where known != nil {
                    controlPlanes.effects.progress(
                        .line(
                            .extensionAPIs(
                                .silentBefore(
                                    api: refusal.service.name, node: node.name, because: refusal.why))))
                }
            case .failure(let error):
                controlPlanes.effects.progress(
                    .line(
                        .extensionAPIs(.notSeen(node: node.name, because: ErrorReport(error).message))))
            }
        }
        return ServiceCheck(controlPlanes: controlPlanes, kubectl: kubectl, before: before)
    }

    private init(controlPlanes: ControlPlanes, kubectl: Kubectl?, before: [String: [Service: Way]]) {
        (self.controlPlanes, self.kubectl, self.before) = (controlPlanes, kubectl, before)
    }

    /// How many APIs answered through a control plane before the first change.
    func count(through node: NodeSpec) -> Int { before[node.name]?.count ?? 0 }

    /// Sees that whatever answered through this control plane before answers now.
    /// - Throws: `rotation/service-lost` with what does not.
    func check(_ node: NodeSpec) async throws {
        let begin = ContinuousClock.now
        while true {
            let refusals = try await refusals(through: node)
            guard let first = refusals.first else { return }
            let seconds = refusals.contains(where: \.isDenied) ? Self.deniedSeconds : Self.graceSeconds
            guard ContinuousClock.now < begin + .seconds(seconds) else {
                throw BootstrapError(
                    "rotation/service-lost",
                    "\(first.service.name) answered through this control plane before its certificate changed, and does "
                        + "not answer now: \(first.why)",
                    hint:
                        "check which CAs its server trusts, restart that server, then run it again; kubectl describe "
                        + "apiservice \(first.service.name) names it",
                    details: refusals.dropFirst().map { "\($0.service.name) neither: \($0.why)" })
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    /// What answered through this control plane before and does not answer now; asked once.
    func refusals(through node: NodeSpec) async throws -> [Refusal] {
        let services = (before[node.name] ?? [:]).sorted { $0.key.name < $1.key.name }
        guard !services.isEmpty else { return [] }
        return try await ask(node, try controlPlanes.connection(node), services.map { ($0.key, $0.value) })
            .refusals
    }

    // MARK: - Asking

    private struct Answers {
        var ways: [Service: Way] = [:]
        var refusals: [Refusal] = []
    }

    private struct Question: Sendable {
        let service: Service
        /// nil for whichever way is answered.
        let way: Way?
    }

    private func ask(
        _ node: NodeSpec, _ connection: APIServerConnection?, _ services: [(Service, Way?)]
    ) async throws -> Answers {
        guard let connection else {
            throw BootstrapError("rotation/no-process", "\(node.name): kube-apiserver does not run")
        }
        let questions = services.map { Question(service: $0.0, way: $0.1) }
        let results = await concurrently(questions, atMost: Self.atOnce) { question in
            await self.ask(question, connection)
        }
        var answers = Answers()
        for (question, result) in zip(questions, results) {
            switch try result.get() {
            case .success(let way): answers.ways[question.service] = way
            case .failure(let denial):
                answers.refusals.append(
                    Refusal(service: question.service, why: denial.why, isDenied: denial.isDenied))
            }
        }
        return answers
    }

    private struct Denial: Error {
        let why: Message
        var isDenied = false
    }

    private func ask(_ question: Question, _ connection: APIServerConnection) async -> Result<Way, Denial> {
        var denial = Denial(why: "there is no certificate to ask with")
        if question.way != .administrator, connection.hasRequestHeaderCA {
            do {
                if let identity = try connection.identity {
                    let caller = Caller.frontProxy(
                        identity, try APIServerConnection.probeUser(), connection.headers)
                    let request = HTTPRequest(.get, question.service.path, accept: "application/json")
                    let response = try connection.send(request, as: caller, timeouts: Self.timeouts)
                    if response.status == 200 { return .success(.proxied) }
                    denial = Denial(
                        why: "HTTP status \(response.status): \(response.excerpt)",
                        isDenied: [401, 403].contains(response.status))
                }
            } catch {
                denial = Denial(why: ErrorReport(error).message)
            }
        }
        guard question.way != .proxied, let kubectl else { return .failure(denial) }
        do {
            _ = try await kubectl.output(
                ["get", "--raw", question.service.path, "--server", connection.endpoint.description],
                timeoutSeconds: 10)
            return .success(.administrator)
        } catch {
            if question.way == .administrator { denial = Denial(why: ErrorReport(error).message) }
            return .failure(denial)
        }
    }

    /// The most APIs that are asked for without a list of APIServices.
    private static let mostListed = 200

    /// Every group and version that an API server lists, its own ones included.
    private static func listed(by connection: APIServerConnection) throws -> [Service] {
        guard connection.hasRequestHeaderCA, let identity = try connection.identity else { return [] }
        let caller = Caller.frontProxy(identity, try APIServerConnection.probeUser(), connection.headers)
        let response = try connection.send(
            HTTPRequest(.get, "/apis", accept: "application/json"), as: caller, timeouts: timeouts)
        guard response.status == 200 else {
            throw BootstrapError(
                "rotation/apis-unlisted",
                "/apis answers with HTTP status \(response.status): \(response.excerpt)")
        }
        let list = try LocatedJSON.parse(response.body, limits: .answers)
        return services(in: list)
    }

    /// - Parameter list: an APIGroupList.
    static func services(in list: LocatedJSON) -> [Service] {
        let versions = (list["groups"]?.elements ?? []).flatMap { $0["versions"]?.elements ?? [] }
        return versions.compactMap { $0["groupVersion"]?.text }.prefix(mostListed).map { text in
            Service(name: text, path: "/apis/\(text)")
        }
    }
}
