// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import TLS
import Values

/// Asks extension servers which CAs they have loaded, from every control plane: an aggregator dials from there, and what
/// one can reach another may not.
struct ExtensionSurvey: Sendable {
    typealias Endpoint = ExtensionServers.Endpoint
    typealias Laggard = ExtensionServers.Laggard

    /// One server asked from one place.
    private struct Question: Sendable {
        let endpoint: Endpoint
        /// Number of the place among the ways.
        let way: Int
    }

    private enum Answer {
        /// Names of the CAs whose client certificates it takes; nil where it asks for none.
        case names([[UInt8]]?)
        case silent(String)

        var isSaid: Bool {
            if case .names = self { return true }
            return false
        }
    }

    let controlPlanes: ControlPlanes
    /// What is wrong with a server that names these CAs.
    let judge: @Sendable (Endpoint, [[UInt8]]) -> Laggard?

    /// How many are asked at once.
    private static let atOnce = 8
    private static let timeouts = RequestTimeouts(connect: .seconds(3), total: .seconds(5))

    /// What is wrong with each of `endpoints`, in their order; those that nothing is wrong with are left out.
    func laggards(among endpoints: [Endpoint]) async -> [Laggard] {
        let ways = ways()
        let questions = endpoints.filter { $0.port != nil }.flatMap { endpoint in
            ways.indices.map { Question(endpoint: endpoint, way: $0) }
        }
        let results = await concurrently(questions, atMost: Self.atOnce) { question in
            Self.ask(question.endpoint, ways[question.way])
        }
        var answers: [Endpoint: [Answer]] = [:]
        for (question, result) in zip(questions, results) {
            guard case .success(let answer) = result else { continue }
            answers[question.endpoint, default: []].append(answer)
        }
        for (endpoint, answer) in await askFromHere(endpoints, answers) {
            answers[endpoint, default: []].append(answer)
        }
        return endpoints.compactMap { laggard($0, answers[$0] ?? []) }
    }

    /// What those say that no control plane lets us ask (AllowTcpForwarding no): this machine may have a way of its own,
    /// and who names the new CA is the server that is meant.
    private func askFromHere(_ endpoints: [Endpoint], _ answers: [Endpoint: [Answer]]) async -> [(
        Endpoint, Answer
    )] {
        let unasked = endpoints.filter { $0.port != nil && !(answers[$0] ?? []).contains(where: \.isSaid) }
        let results = await concurrently(unasked, atMost: Self.atOnce) { Self.ask($0, nil) }
        return zip(unasked, results).compactMap { endpoint, result in
            guard case .success(let answer) = result else { return nil }
            return (endpoint, answer)
        }
    }

    /// The ways out of the control planes; nil is this machine's own network.
    private func ways() -> [Tunnel?] {
        let tunnels = controlPlanes.nodes.map { node in try? controlPlanes.link(node).tunnel?.always }
        let far = tunnels.compactMap { $0 }
        return far.count == tunnels.count ? far : far + [nil]
    }

    private static func ask(_ endpoint: Endpoint, _ tunnel: Tunnel?) -> Answer {
        let target = APIServerEndpoint(address: endpoint.address, port: endpoint.port ?? 443, tunnel: tunnel)
        do {
            let report = try TLSHandshakeProbe.handshake(target, trust: .nobody, timeouts: timeouts)
            return .names(report.acceptedCANames)
        } catch {
            return .silent("\(error)")
        }
    }

    private func laggard(_ endpoint: Endpoint, _ answers: [Answer]) -> Laggard? {
        func laggard(_ why: Message) -> Laggard {
            Laggard(service: endpoint.service, endpoint: endpoint.place, why: why)
        }
        guard endpoint.port != nil else {
            return laggard("the Service's endpoints do not show its port")
        }
        var silence: String?
        for answer in answers {
            switch answer {
            case .names(let names):
                // One that asks for no certificate does no request-header authentication.
                if let names, let laggard = judge(endpoint, names) { return laggard }
            case .silent(let why): silence = silence ?? why
            }
        }
        guard !answers.contains(where: \.isSaid), let silence else { return nil }
        // No aggregator sends requests there.
        return endpoint.isReady ? laggard("it cannot be asked from any control plane: \(silence)") : nil
    }
}
