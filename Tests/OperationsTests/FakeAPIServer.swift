// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Spec
import Synchronization
import SystemdUnits

@testable import PKI
@testable import Planning
@testable import TLS
@testable import Values

/// A kube-apiserver as the program sees it, without a network: which CAs it names, that it is ready, and whom it takes for
/// an aggregator. It runs while its unit runs, with that command line, and reads its files for each question.
final class FakeAPIServer: APIServer {
    private let root: String
    private let systemd: FakeSystemd
    /// How it answers while its unit runs.
    enum Condition: Sendable {
        case ready
        /// 500 to `/readyz`.
        case notReady
        /// Nobody hears of it.
        case silent
    }

    private let now = Mutex(Condition.ready)
    var condition: Condition { now.withLock { $0 } }

    func become(_ condition: Condition) { now.withLock { $0 = condition } }

    private let watchesFiles: Bool

    init(_ root: String, _ systemd: FakeSystemd, watchesFiles: Bool = false) {
        (self.root, self.systemd, self.watchesFiles) = (root, systemd, watchesFiles)
    }

    /// A client CA, which all of them have.
    static let clientAuthority = Result { try FakeAuthority("kubernetes") }

    private func flags() throws(APIServerError) -> EffectiveFlags {
        guard let command = systemd.running, condition != .silent else {
            throw APIServerError(
                .unreachable, operation: "connect to", subject: "the API server",
                underlying: "connection refused")
        }
        return EffectiveFlags.parse(commandLine: command)
    }

    func handshake() throws(APIServerError) -> HandshakeReport {
        let flags = try flags()
        let trusted = bundle(flags.string(Self.requestHeaderCA)) + bundle(flags.string("client-ca-file"))
        return HandshakeReport(acceptedCAs: trusted.map { CAName(der: $0.summary.subjectDER, text: nil) })
    }

    func readiness(as caller: Caller) throws(APIServerError) -> ReadinessReport {
        var checks = [condition == .ready ? "[+]etcd ok" : "[-]etcd failed: reason withheld"]
        if try flags().string("proxy-client-key-file") != nil {
            checks.append("[+]\(ReadinessReport.proxyClientHook) ok")
        }
        return ReadinessReport(
            status: condition == .ready ? 200 : 500, text: checks.joined(separator: "\n"))
    }

    /// One that sets no watches, and nobody waits for them; or one that does.
    func version(as caller: Caller) throws(APIServerError) -> ServerVersion {
        _ = try flags()
        let minor = watchesFiles ? 36 : 22
        return ServerVersion(version: KubernetesVersion(major: 1, minor: minor), gitVersion: "v1.\(minor).0")
    }

    /// What `/proc/PID/fdinfo` says of its watches: a file that is replaced is watched again at once.
    var fdinfo: String {
        guard watchesFiles, let flags = try? flags() else { return "" }
        let named = flags.occurrences.compactMap(\.value).filter(\.isAbsolutePath)
        return named.compactMap { try? FileStatus.of(root + $0) }
            .map { "inotify wd:1 ino:\(String($0.inode, radix: 16)) sdev:0 mask:fce\n" }.joined()
    }

    func identity(
        _ identity: ClientIdentity, _ user: ProbeUser, _ headers: RequestHeaderNames
    ) throws(APIServerError) -> IdentityOutcome {
        let flags = try flags()
        do {
            let chain = try Certificate.parseBundle(pem: identity.certificatePEM, path: "the client's")
            guard try KeyPair.matches(certificate: chain[0], key: identity.keyPEM) else {
                return .notUnderstood(status: 0, excerpt: "the client's key is another certificate's")
            }
            let allowed = flags.list("requestheader-allowed-names") ?? []
            let name = chain[0].summary.commonName ?? ""
            if allowed.isEmpty || allowed.contains(name),
                isTrusted(chain, bundle(flags.string(Self.requestHeaderCA)))
            {
                return .accepted(user: user.description)
            }
            // Who is no aggregator is a client like others.
            return isTrusted(chain, bundle(flags.string("client-ca-file")))
                ? .takenFor(user: name) : .rejected
        } catch {
            return .rejected
        }
    }

    /// It serves no extension API.
    func send(
        _ request: HTTPRequest, as caller: Caller, timeouts: RequestTimeouts
    ) throws(APIServerError) -> HTTPResponse {
        _ = try flags()
        guard request.path == "/apis" else { return HTTPResponse(status: 404, headers: [], body: []) }
        return HTTPResponse(status: 200, headers: [], body: Array(#"{"groups": []}"#.utf8))
    }

    private static let requestHeaderCA = "requestheader-client-ca-file"

    private func isTrusted(_ chain: [Certificate], _ bundle: [Certificate]) -> Bool {
        (try? ChainVerifier.verify(
            leaf: chain[0], intermediates: Array(chain.dropFirst()), bundle: bundle, at: LocalHost.now()))
            != nil
    }

    private func bundle(_ path: String?) -> [Certificate] {
        guard let path, let pem = try? FileReader.read(root + path) else { return [] }
        return (try? Certificate.parseBundle(pem: pem, path: path)) ?? []
    }
}
